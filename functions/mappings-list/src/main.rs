//! GET /api/doctor/mappings/ — all mappings.

use std::process::ExitCode;

use shared::{App, Listed, Permission, Request, response, serve_list};

#[cfg(test)]
mod tests;

const LIST: &str = "mappings-list";

fn main() -> ExitCode {
    serve_list(Permission::ManageMappings, list)
}

async fn list(app: App, request: Request) -> Listed {
    let found = app.table().mappings(request.paging(LIST)?).await?;
    Ok(found.map(|page| response::page(LIST, &page)))
}
