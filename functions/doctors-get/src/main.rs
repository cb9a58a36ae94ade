//! GET /api/doctors/{id}/ — one doctor.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::model::id::DoctorId;
use shared::table::Stored;
use shared::{
    ApiError, ApiResult, App, Caller, Named, Permission, Request, response, serve_reading,
};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_reading(doctor_id, get)
}

fn doctor_id(request: &Request) -> Result<DoctorId, ApiError> {
    request.path_id("id", "doctor")
}

async fn get(
    _app: App,
    caller: Caller,
    named: Named<Stored<DoctorDetails>>,
    _request: Request,
) -> ApiResult {
    caller.must(Permission::ManageDoctors)?;
    let (id, doctor) = named?;
    match doctor.alive() {
        Some(doctor) => response::record(&doctor),
        None => Err(ApiError::not_found(format!("doctor {id}"))),
    }
}
