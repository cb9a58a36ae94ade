//! DELETE /api/doctors/{id}/cover/ ends the cover of a doctor.

use std::process::ExitCode;

use shared::store::EndCover;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(end)
}

async fn end(context: Context, by: Granted<EndCover>) -> ApiResult {
    context.store().covers().end(by).await?;
    response::no_content()
}
