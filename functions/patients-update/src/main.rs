//! PUT and PATCH /api/patients/{id}/ — replaces a patient's details, or those that are named (RFC 7396).

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::table::{Stored, Updated};
use shared::{
    ApiError, ApiResult, App, Caller, Named, Permission, Request, response, serve_reading,
};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_reading(Request::record_id::<PatientDetails>, update)
}

async fn update(
    app: App,
    caller: Caller,
    named: Named<Stored<PatientDetails>>,
    request: Request,
) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let (id, patient) = named?;
    let now = app.now();
    let edit = request.edit::<PatientDetails>(now.latest_date())?;
    match app.table().update(id, patient, &edit, &request.if_match(), now).await? {
        Updated::Done(patient) => response::record(&patient),
        Updated::Invalid(errors) => Err(ApiError::InvalidBody(errors)),
        Updated::Taken(errors) => Err(ApiError::Conflict(errors)),
        Updated::NotFound => Err(ApiError::not_found(format!("patient {id}"))),
        Updated::VersionMismatch => Err(ApiError::PreconditionFailed),
    }
}
