//! DELETE /api/handovers/{id}/ cancels a hand-over before its first patient moves.

use std::process::ExitCode;

use shared::store::CancelHandover;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(cancel)
}

async fn cancel(context: Context, by: Granted<CancelHandover>) -> ApiResult {
    context.store().handovers().cancel(by).await?;
    response::no_content()
}
