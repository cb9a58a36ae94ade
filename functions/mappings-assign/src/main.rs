//! POST /api/doctor/mappings/ assigns a doctor to a patient: 201, or 200 if they are assigned already.

use std::process::ExitCode;

use shared::store::{Assign, Assigned};
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(assign)
}

async fn assign(context: Context, by: Granted<Assign>) -> ApiResult {
    let Assigned { assignment, is_new } = context.store().assignments().assign(by).await?;
    if is_new { response::created(&assignment) } else { response::ok(&assignment) }
}
