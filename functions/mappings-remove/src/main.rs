//! POST /api/doctor/mappings/{patient_id}/remove/ and DELETE /api/doctor/mappings/{patient_id}/{doctor_id}/
//! — ends an assignment.

use std::process::ExitCode;

use deserr::Deserr;
use shared::model::field::FieldErrors;
use shared::model::id::{DoctorId, PatientId};
use shared::table::Removed;
use shared::{ApiError, ApiResult, App, Caller, Method, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Removal {
    doctor_id: DoctorId,
}

fn main() -> ExitCode {
    serve(remove)
}

async fn remove(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageMappings)?;
    let is_delete = request.method() == Method::DELETE;
    let patient: PatientId = request.path_id("patient_id", "patient")?;
    let doctor: DoctorId = if is_delete {
        request.path_id("doctor_id", "doctor")?
    } else {
        request.json::<Removal>()?.doctor_id
    };
    match app.table().remove(doctor, patient).await? {
        Removed::Done if is_delete => response::no_content(),
        Removed::Done => response::message("The doctor was removed from the patient."),
        Removed::NotAssigned => {
            Err(ApiError::not_found(format!("assignment of doctor {doctor} to patient {patient}")))
        }
    }
}
