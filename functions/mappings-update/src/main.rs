//! PATCH /api/doctor/mappings/{patient_id}/{doctor_id}/ changes role, period or reason of an assignment (RFC 7396).

use std::process::ExitCode;

use shared::store::UpdateAssignment;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(update)
}

async fn update(context: Context, by: Granted<UpdateAssignment>) -> ApiResult {
    let preconditions = context.request().preconditions();
    let assignment = context.store().assignments().update(by, &preconditions).await?;
    response::assignment(&assignment)
}
