//! DELETE /api/patients/{id}/ — removes a patient and every mapping of it.

use std::process::ExitCode;

use shared::model::id::PatientId;
use shared::model::patient::PatientDetails;
use shared::table::Deleted;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(delete)
}

async fn delete(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let id: PatientId = request.path_id("id", "patient")?;
    let is_late = || request.is_late();
    match app.table().delete::<PatientDetails>(id, &request.if_match(), app.now(), is_late).await? {
        Deleted::Done => response::no_content(),
        Deleted::NotFound => Err(ApiError::not_found(format!("patient {id}"))),
        Deleted::VersionMismatch => Err(ApiError::PreconditionFailed),
        Deleted::Unfinished => {
            Err(ApiError::unavailable("mappings are left; the next call goes on"))
        }
    }
}
