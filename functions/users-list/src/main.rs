//! GET /api/users/ — accounts by username; `?search=` takes the beginning of one.

use std::process::ExitCode;

use shared::model::id::UserId;
use shared::request::NameList;
use shared::{ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageUsers)?;
    let NameList { list, prefix, paging } = request.name_list::<UserId>("users-list")?;
    let page = app.table().list_users(&prefix, paging).await?;
    response::page(&list, &page)
}
