//! GET /api/patients/me/ returns the patient who the caller is.

use std::process::ExitCode;

use shared::store::ReadOwnPatient;
use shared::{ApiResult, Context, Granted, records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(me)
}

async fn me(context: Context, by: Granted<ReadOwnPatient>) -> ApiResult {
    let view = by.view();
    let record = context.store().own_patient(by).await?;
    records::answer(context.request(), &record, view)
}
