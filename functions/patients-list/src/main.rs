//! GET /api/patients/ — patients by name; `?search=` takes the beginning of a last name.

use std::process::ExitCode;

use shared::model::patient::PatientDetails;
use shared::table::is_list_position;
use shared::{ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManagePatients)?;
    let prefix = request.search()?;
    let list = format!("patients-list {prefix}");
    let is_possible = |position: &String| is_list_position::<PatientDetails>(&prefix, position);
    let paging = request.paging_where(&list, is_possible)?;
    let page = app.table().list::<PatientDetails>(&prefix, paging).await?;
    response::page(&list, &page)
}
