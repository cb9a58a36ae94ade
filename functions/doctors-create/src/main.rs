//! POST /api/doctors/ — adds a doctor.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::table::Created;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(create)
}

async fn create(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageDoctors)?;
    let now = app.now();
    let details: DoctorDetails = request.details(now.latest_date())?;
    let key = request.idempotency_key(caller.id())?;
    match app.table().create(details, key.as_ref(), now).await? {
        Created::Done(doctor) => response::created_record(&doctor),
        Created::Taken(errors) => Err(ApiError::Conflict(errors)),
        Created::KeyReused => Err(ApiError::IdempotencyKeyReused),
    }
}
