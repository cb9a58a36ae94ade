//! GET /api/patients/{id}/ — one patient.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::table::Stored;
use shared::{
    ApiError, ApiResult, App, Caller, Named, Permission, Request, response, serve_reading,
};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_reading(Request::record_id::<PatientDetails>, get)
}

async fn get(
    _app: App,
    caller: Caller,
    named: Named<Stored<PatientDetails>>,
    _request: Request,
) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let (id, patient) = named?;
    match patient.alive() {
        Some(patient) => response::record(&patient),
        None => Err(ApiError::not_found(format!("patient {id}"))),
    }
}
