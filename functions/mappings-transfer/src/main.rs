//! POST /api/doctor/mappings/transfer/ moves up to 50 patients from one doctor to another: 200 with a status for each.

use std::process::ExitCode;

use shared::store::TransferPatients;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(transfer)
}

async fn transfer(context: Context, by: Granted<TransferPatients>) -> ApiResult {
    let request = context.request();
    let is_late = || request.is_late();
    let outcomes = context.store().assignments().transfer(by, is_late).await?;
    response::transfers(outcomes)
}
