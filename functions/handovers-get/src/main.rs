//! GET /api/handovers/{id}/ returns how far a hand-over is.

use std::process::ExitCode;

use shared::store::ReadHandover;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(get)
}

async fn get(context: Context, by: Granted<ReadHandover>) -> ApiResult {
    response::ok(&context.store().handovers().read(by)?)
}
