//! GET /api/doctors/{id}/ — one doctor.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::model::id::DoctorId;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(get)
}

async fn get(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageDoctors)?;
    let id: DoctorId = request.path_id("id", "doctor")?;
    match app.table().get::<DoctorDetails>(id).await? {
        Some(doctor) => response::record(&doctor),
        None => Err(ApiError::not_found(format!("doctor {id}"))),
    }
}
