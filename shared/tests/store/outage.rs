//! DynamoDB out of reach or silent: a 503 with `Retry-After`, in time, and never a 500.

use shared::config::{Edge, Tokens};
use shared::endpoint::Endpoint;
use shared::model::timestamp::Timestamp;
use shared::runtime::public;
use shared::testing::run;
use shared::testing::wire::table_at;
use shared::{ApiResult, App, Request, response};
use tokio::net::TcpListener;

async fn health(app: App, _request: Request) -> ApiResult {
    app.table().ping().await?;
    response::no_content()
}

async fn status_and_retry_after(endpoint: String) -> (u16, Option<String>) {
    let tokens = Tokens { issuer: "healthcare".to_owned(), audience: "healthcare-api".to_owned() };
    let clock = || Timestamp::from_millisecond(0);
    let app = App::with(table_at(endpoint), tokens, Edge::default(), 128, Box::new(clock));
    let response = Endpoint::new(app, public(health)).answer(Default::default()).await;
    let retry_after = response.headers().get("retry-after");
    (response.status().as_u16(), retry_after.map(|value| value.to_str().unwrap().to_owned()))
}

#[test]
fn a_refused_connection_is_503() {
    run(async |_world| {
        // A port that nobody listens on any more.
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
        // It connects, and no answer ever comes.
        assert_eq!(status_and_retry_after(endpoint).await, (503, Some("1".to_owned())));
    });
}
