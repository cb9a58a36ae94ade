//! GET /api/health/ tells whether the API and its table answer.

use std::process::ExitCode;

use serde::Serialize;
use shared::{ApiError, ApiResult, Context, response, serve_public};

#[cfg(test)]
mod tests;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

shared::discloses_no_patient!(Health);

fn main() -> ExitCode {
    serve_public(health)
}

async fn health(context: Context) -> ApiResult {
    // Every failure is a 503: the request is never at fault.
    context.store().ping().await.map_err(ApiError::unavailable)?;
    response::ok(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
