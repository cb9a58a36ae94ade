//! PUT and PATCH /api/doctors/{id}/ — replaces a doctor's details, or those that are named (RFC 7396).

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::table::{Stored, Updated};
use shared::{
    ApiError, ApiResult, App, Caller, Named, Permission, Request, response, serve_reading,
};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_reading(Request::record_id::<DoctorDetails>, update)
}

async fn update(
    app: App,
    caller: Caller,
    named: Named<Stored<DoctorDetails>>,
    request: Request,
) -> ApiResult {
    caller.must(Permission::ManageDoctors)?;
    let (id, doctor) = named?;
    let now = app.now();
    let edit = request.edit::<DoctorDetails>(now.latest_date())?;
    match app.table().update(id, doctor, &edit, &request.if_match(), now).await? {
        Updated::Done(doctor) => response::record(&doctor),
        Updated::Invalid(errors) => Err(ApiError::InvalidBody(errors)),
        Updated::Taken(errors) => Err(ApiError::Conflict(errors)),
        Updated::NotFound => Err(ApiError::not_found(format!("doctor {id}"))),
        Updated::VersionMismatch => Err(ApiError::PreconditionFailed),
    }
}
