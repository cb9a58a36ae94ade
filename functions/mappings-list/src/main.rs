//! GET /api/doctor/mappings/ returns the current assignments that the caller may see, in no particular order.

use std::process::ExitCode;

use shared::access::Act;
use shared::store::ListAssignments;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(context: Context, by: Granted<ListAssignments>) -> ApiResult {
    let view = by.view();
    let page = context.store().assignments().list(by).await?;
    response::page(context.request(), Act::ListAssignments.function(), &page, view)
}
