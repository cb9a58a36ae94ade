//! POST /api/emergency-access/{id}/review/ closes the review of an emergency access with a verdict.

use std::process::ExitCode;

use shared::store::ReviewEmergencyAccess;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(review)
}

async fn review(context: Context, by: Granted<ReviewEmergencyAccess>) -> ApiResult {
    response::ok(&context.store().emergencies().review(by).await?)
}
