//! POST /api/doctor/mappings/ — assigns a doctor to a patient; safe to repeat.

use std::process::ExitCode;

use deserr::Deserr;
use shared::model::field::FieldErrors;
use shared::model::id::{DoctorId, PatientId};
use shared::table::{Assign, Pair};
use shared::{
    ApiError, ApiResult, App, Caller, Named, Permission, Request, response, serve_reading,
};

#[cfg(test)]
mod tests;

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Assignment {
    doctor_id: DoctorId,
    patient_id: PatientId,
}

fn main() -> ExitCode {
    serve_reading(ids, assign)
}

fn ids(request: &Request) -> Result<(DoctorId, PatientId), ApiError> {
    let Assignment { doctor_id, patient_id } = request.json()?;
    Ok((doctor_id, patient_id))
}

async fn assign(app: App, caller: Caller, named: Named<Pair>, _request: Request) -> ApiResult {
    caller.must(Permission::ManageMappings)?;
    let ((doctor_id, patient_id), pair) = named?;
    match app.table().assign(pair, caller.id(), app.now()).await? {
        Assign::New(mapping) => response::created(&mapping),
        Assign::Already(mapping) => response::ok(&mapping),
        Assign::Unknown { doctor, patient } => Err(ApiError::not_found(match (doctor, patient) {
            (true, true) => format!("doctor {doctor_id} and no patient {patient_id}"),
            (true, false) => format!("doctor {doctor_id}"),
            _ => format!("patient {patient_id}"),
        })),
    }
}
