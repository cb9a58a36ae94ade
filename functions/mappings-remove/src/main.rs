//! DELETE /api/doctor/mappings/{patient_id}/{doctor_id}/ and POST /api/doctor/mappings/{patient_id}/remove/ end an
//! assignment: now, or, by POST, at a later moment.

use std::process::ExitCode;

use shared::store::EndAssignment;
use shared::{ApiResult, Context, Granted, Method, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(remove)
}

async fn remove(context: Context, by: Granted<EndAssignment>) -> ApiResult {
    context.store().assignments().end(by).await?;
    if context.request().method() == Method::DELETE {
        response::no_content()
    } else {
        response::message("The doctor was removed from the patient.")
    }
}
