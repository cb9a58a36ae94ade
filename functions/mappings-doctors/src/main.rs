//! GET /api/doctor/mappings/{patient_id}/ — the doctors of a patient.

use std::process::ExitCode;

use shared::model::id::PatientId;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(doctors)
}

async fn doctors(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageMappings)?;
    let patient: PatientId = request.path_id("patient_id", "patient")?;
    let list = format!("mappings-doctors {patient}");
    match app.table().doctors_of(patient, request.paging(&list)?).await? {
        Some(page) => response::page(&list, &page),
        None => Err(ApiError::not_found(format!("patient {patient}"))),
    }
}
