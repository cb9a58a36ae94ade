//! GET /api/doctors/{id}/patients/ — the patients of a doctor.

use std::process::ExitCode;

use shared::model::id::DoctorId;
use shared::{ApiError, App, Listed, Permission, Request, response, serve_list};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_list(Permission::ManageMappings, patients)
}

async fn patients(app: App, request: Request) -> Listed {
    let doctor: DoctorId = request.path_id("id", "doctor")?;
    let list = format!("mappings-patients {doctor}");
    let found = app.table().patients_of(doctor, request.paging(&list)?).await?;
    Ok(found.map(move |page| match page {
        Some(page) => response::page(&list, &page),
        None => Err(ApiError::not_found(format!("doctor {doctor}"))),
    }))
}
