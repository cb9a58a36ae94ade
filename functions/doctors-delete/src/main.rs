//! DELETE /api/doctors/{id}/ — removes a doctor and every mapping of it.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::model::id::DoctorId;
use shared::table::Deleted;
use shared::{ApiError, ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(delete)
}

async fn delete(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageDoctors)?;
    let id: DoctorId = request.path_id("id", "doctor")?;
    let is_late = || request.is_late();
    match app.table().delete::<DoctorDetails>(id, &request.if_match(), app.now(), is_late).await? {
        Deleted::Done => response::no_content(),
        Deleted::NotFound => Err(ApiError::not_found(format!("doctor {id}"))),
        Deleted::VersionMismatch => Err(ApiError::PreconditionFailed),
        Deleted::Unfinished => {
            Err(ApiError::unavailable("mappings are left; the next call goes on"))
        }
    }
}
