//! GET /api/health/ — whether the API and its table answer.

use std::process::ExitCode;

use serde::Serialize;
use shared::{ApiError, ApiResult, App, Request, response, serve_public};

#[cfg(test)]
mod tests;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

fn main() -> ExitCode {
    serve_public(health)
}

async fn health(app: App, _request: Request) -> ApiResult {
    // Whatever the reason, the request is not at fault.
    app.table().ping().await.map_err(ApiError::unavailable)?;
    response::ok(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
