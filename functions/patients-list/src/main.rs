//! GET /api/patients/ — patients by name; `?search=` takes the beginning of a last name.

use std::process::ExitCode;

use shared::model::id::PatientId;
use shared::model::patient::PatientDetails;
use shared::request::NameList;
use shared::{ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let NameList { list, prefix, paging } = request.name_list::<PatientId>("patients-list")?;
    let page = app.table().list::<PatientDetails>(&prefix, paging).await?;
    response::page(&list, &page)
}
