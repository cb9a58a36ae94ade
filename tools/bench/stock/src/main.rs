//! The function `health` as tutorials would write it: with the default features of every crate, and with credentials,
//! region and certificates from all default sources.

use std::env;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    let table = env::var("TABLE_NAME")?;
    run(service_fn(|_request: Request| health(&client, &table))).await
}

async fn health(client: &Client, table: &str) -> Result<Response<Body>, Error> {
    client
        .get_item()
        .table_name(table)
        .key("pk", AttributeValue::S("COUNTER#health".to_owned()))
        .key("sk", AttributeValue::S("#".to_owned()))
        .send()
        .await?;
    let response = Response::builder().header("content-type", "application/json");
    Ok(response.body(r#"{"status":"ok"}"#.into())?)
}
