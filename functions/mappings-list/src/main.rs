//! GET /api/doctor/mappings/ — all mappings.

use std::process::ExitCode;

use shared::{ApiResult, App, Caller, Permission, Request, response, serve};

#[cfg(test)]
mod tests;

const LIST: &str = "mappings-list";

fn main() -> ExitCode {
    serve(list)
}

async fn list(app: App, caller: Caller, request: Request) -> ApiResult {
    caller.must(Permission::ManageMappings)?;
    let page = app.table().mappings(request.paging(LIST)?).await?;
    response::page(LIST, &page)
}
