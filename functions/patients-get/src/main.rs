//! GET /api/patients/{id}/ — one patient.

use std::process::ExitCode;

use shared::model::id::PatientId;
use shared::model::patient::PatientDetails;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(get)
}

async fn get(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let id: PatientId = request.path_id("id", "patient")?;
    match app.table().get::<PatientDetails>(id).await? {
        Some(patient) => response::record(&patient),
        None => Err(ApiError::not_found(format!("patient {id}"))),
    }
}
