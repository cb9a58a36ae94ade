//! GET /api/doctors/me/ returns the doctor who the caller is.

use std::process::ExitCode;

use shared::store::ReadOwnDoctor;
use shared::{ApiResult, Context, Granted, records, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(me)
}

async fn me(context: Context, by: Granted<ReadOwnDoctor>) -> ApiResult {
    let view = by.view();
    let record = context.store().own_doctor(by).await?;
    records::answer(context.request(), &record, view)
}
