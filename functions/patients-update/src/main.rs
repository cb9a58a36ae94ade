//! PUT and PATCH /api/patients/{id}/ — replaces a patient's details, or those that are named (RFC 7396).

use std::process::ExitCode;

use shared::model::id::PatientId;
use shared::model::patient::PatientDetails;
use shared::table::Updated;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(update)
}

async fn update(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let id: PatientId = request.path_id("id", "patient")?;
    let now = app.now();
    let edit = request.edit::<PatientDetails>(now.latest_date())?;
    match app.table().update(id, &edit, &request.if_match(), now).await? {
        Updated::Done(patient) => response::record(&patient),
        Updated::Invalid(errors) => Err(ApiError::InvalidBody(errors)),
        Updated::Taken(errors) => Err(ApiError::Conflict(errors)),
        Updated::NotFound => Err(ApiError::not_found(format!("patient {id}"))),
        Updated::VersionMismatch => Err(ApiError::PreconditionFailed),
    }
}
