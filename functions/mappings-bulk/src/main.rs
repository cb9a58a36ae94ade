//! POST /api/doctor/mappings/bulk/ makes up to 50 assignments: 200 with a status for each, in the order of the request.

use std::process::ExitCode;

use shared::store::AssignMany;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(assign_many)
}

async fn assign_many(context: Context, by: Granted<AssignMany>) -> ApiResult {
    let request = context.request();
    let is_late = || request.is_late();
    let outcomes = context.store().assignments().assign_many(by, is_late).await?;
    response::assignments(outcomes)
}
