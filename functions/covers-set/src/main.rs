//! PUT /api/doctors/{id}/cover/ lets another doctor see a doctor's patients for a time.

use std::process::ExitCode;

use shared::store::SetCover;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(set)
}

async fn set(context: Context, by: Granted<SetCover>) -> ApiResult {
    response::ok(&context.store().covers().set(by).await?)
}
