//! GET /api/doctors/ — doctors by name; `?search=` takes the beginning of a last name.

use std::process::ExitCode;

use shared::model::doctor::DoctorDetails;
use shared::table::is_list_position;
use shared::{ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageDoctors)?;
    let prefix = request.search()?;
    let list = format!("doctors-list {prefix}");
    let is_possible = |position: &String| is_list_position::<DoctorDetails>(&prefix, position);
    let paging = request.paging_where(&list, is_possible)?;
    let page = app.table().list::<DoctorDetails>(&prefix, paging).await?;
    response::page(&list, &page)
}
