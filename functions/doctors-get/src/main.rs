//! GET /api/doctors/{id}/ — one doctor.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::table::Stored;
use shared::{
    ApiError, ApiResult, App, Caller, Named, Permission, Request, response, serve_reading,
};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_reading(Request::record_id::<DoctorDetails>, get)
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
