//! POST /api/doctor/mappings/{patient_id}/void/ marks an assignment, whether it has ended or not, as entered in error.

use std::process::ExitCode;

use shared::store::VoidAssignment;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(void)
}

async fn void(context: Context, by: Granted<VoidAssignment>) -> ApiResult {
    context.store().assignments().void(by).await?;
    response::message("The assignment is marked as entered in error.")
}
