//! A function that does nothing but to answer: what every other one is compared with.

use lambda_http::{Body, Error, Request, Response, service_fn};
use tokio::runtime::Builder;

fn main() -> Result<(), Error> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_http::run_concurrent(service_fn(hello)))
}

async fn hello(_request: Request) -> Result<Response<Body>, Error> {
    Ok(Response::new("hello".into()))
}
