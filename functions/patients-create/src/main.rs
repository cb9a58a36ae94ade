//! POST /api/patients/ — adds a patient.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::table::Created;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(create)
}

async fn create(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let now = app.now();
    let details: PatientDetails = request.details(now.latest_date())?;
    let key = request.idempotency_key(caller.id())?;
    match app.table().create(details, key.as_ref(), now).await? {
        Created::Done(patient) => response::created_record(&patient),
        Created::Taken(errors) => Err(ApiError::Conflict(errors)),
        Created::KeyReused => Err(ApiError::IdempotencyKeyReused),
    }
}
