//! An unreachable or silent DynamoDB: a 503 with `Retry-After`, in time.

use std::sync::Arc;

use shared::app::Rules;
use shared::config::Responses;
use shared::endpoint::Endpoint;
use shared::model::timestamp::Timestamp;
use shared::testing::wire::store_at;
use shared::testing::{public, run, tokens};
use shared::{ApiResult, App, Context, response};
use tokio::net::TcpListener;

async fn health(context: Context) -> ApiResult {
    context.store().ping().await?;
    response::no_content()
}

async fn status_and_retry_after(endpoint: String) -> (u16, Option<String>) {
    let clock = Arc::new(|| Timestamp::from_millisecond(0));
    let (store, responses) = (store_at(endpoint), Responses::default());
    let app = App::with(store, tokens(), responses, 128, clock, Rules::default());
    let response = Endpoint::new(app, public(health)).answer(Default::default()).await;
    let retry_after = response.headers().get("retry-after");
    (response.status().as_u16(), retry_after.map(|value| value.to_str().unwrap().to_owned()))
}

#[test]
fn refused_connection_is_503() {
    run(async |_world| {
        // Nobody listens on this port any more.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(status_and_retry_after(endpoint).await, (503, Some("1".to_owned())));
    });
}

#[test]
fn silence_is_503() {
    run(async |_world| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        // The connection opens, and no answer ever comes.
        assert_eq!(status_and_retry_after(endpoint).await, (503, Some("1".to_owned())));
    });
}
