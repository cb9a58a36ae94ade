//! GET /api/patients/{id}/accesses/ returns who opened or changed a patient's record, newest first: to the patient in
//! plain words and without refusals, to administrators with everything that the audit trail has.

use std::process::ExitCode;

use shared::store::ListAccesses;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(context: Context, by: Granted<ListAccesses>) -> ApiResult {
    let (label, view) = (by.target().label().to_owned(), by.view());
    let page = context.store().trail().accesses(by).await?;
    response::page(context.request(), &label, &page, view)
}
