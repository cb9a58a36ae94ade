//! DELETE /api/patients/{id}/ — removes a patient and every mapping of it.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::table::{Deleted, Stored};
use shared::{
    ApiError, ApiResult, App, Caller, Named, Permission, Request, response, serve_reading,
};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve_reading(Request::record_id::<PatientDetails>, delete)
}

async fn delete(
    app: App,
    caller: Caller,
    named: Named<Stored<PatientDetails>>,
    request: Request,
) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let (id, patient) = named?;
    let is_late = || request.is_late();
    match app.table().delete(id, patient, &request.if_match(), app.now(), is_late).await? {
        Deleted::Done => response::no_content(),
        Deleted::NotFound => Err(ApiError::not_found(format!("patient {id}"))),
        Deleted::VersionMismatch => Err(ApiError::PreconditionFailed),
        Deleted::Unfinished => {
            Err(ApiError::unavailable("mappings are left; the next call goes on"))
        }
    }
}
