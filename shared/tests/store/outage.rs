//! An unreachable or silent DynamoDB: a 503 with `Retry-After`, in time.

use shared::endpoint::Endpoint;
use shared::testing::{World, public, run};
use shared::{ApiResult, Context, response};
use tokio::net::TcpListener;

async fn health(context: Context) -> ApiResult {
    context.store().ping().await?;
    response::no_content()
}

async fn status_and_retry_after(world: World, endpoint: String) -> (u16, Option<String>) {
    let response =
        Endpoint::new(world.app_at(endpoint), public(health)).answer(Default::default()).await;
    let retry_after = response.headers().get("retry-after");
    (response.status().as_u16(), retry_after.map(|value| value.to_str().unwrap().to_owned()))
}

#[test]
fn refused_connection_is_503() {
    run(async |world| {
        // Nobody listens on this port any more.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(status_and_retry_after(world, endpoint).await, (503, Some("1".to_owned())));
    });
}

#[test]
fn silence_is_503() {
    run(async |world| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        // The connection opens, and no answer ever comes.
        assert_eq!(status_and_retry_after(world, endpoint).await, (503, Some("1".to_owned())));
    });
}
