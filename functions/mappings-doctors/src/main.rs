//! GET /api/doctor/mappings/{patient_id}/ — the doctors of a patient.

use std::process::ExitCode;

use shared::model::id::PatientId;
use shared::{ApiError, App, Listed, Permission, Request, response, serve_list};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_list(Permission::ManageMappings, doctors)
}

async fn doctors(app: App, request: Request) -> Listed {
    let patient: PatientId = request.path_id("patient_id", "patient")?;
    let list = format!("mappings-doctors {patient}");
    let found = app.table().doctors_of(patient, request.paging(&list)?).await?;
    Ok(found.map(move |page| match page {
        Some(page) => response::page(&list, &page),
        None => Err(ApiError::not_found(format!("patient {patient}"))),
    }))
}
