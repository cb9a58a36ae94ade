//! A function that only answers. All other functions are compared with it.

use lambda_http::{Body, Error, Request, Response, service_fn};
use tokio::runtime::Builder;

fn main() -> Result<(), Error> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_http::run_concurrent(service_fn(hello)))
}

async fn hello(_request: Request) -> Result<Response<Body>, Error> {
    Ok(Response::new("hello".into()))
}
