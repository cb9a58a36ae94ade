//! GET /api/doctors/ — doctors by name; `?search=` takes the beginning of a last name.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::model::id::DoctorId;
use shared::request::NameList;
use shared::{ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageDoctors)?;
    let NameList { list, prefix, paging } = request.name_list::<DoctorId>("doctors-list")?;
    let page = app.table().list::<DoctorDetails>(&prefix, paging).await?;
    response::page(&list, &page)
}
