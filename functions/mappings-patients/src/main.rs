//! GET /api/doctors/{id}/patients/ — the patients of a doctor.

use std::process::ExitCode;

use shared::model::id::DoctorId;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(patients)
}

async fn patients(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageMappings)?;
    let doctor: DoctorId = request.path_id("id", "doctor")?;
    let list = format!("mappings-patients {doctor}");
    match app.table().patients_of(doctor, request.paging(&list)?).await? {
        Some(page) => response::page(&list, &page),
        None => Err(ApiError::not_found(format!("doctor {doctor}"))),
    }
}
