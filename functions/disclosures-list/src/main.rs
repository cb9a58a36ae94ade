//! GET /api/patients/{id}/disclosures/ returns the disclosures of a patient's data, newest first.

use std::process::ExitCode;

use shared::store::ListDisclosures;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(context: Context, by: Granted<ListDisclosures>) -> ApiResult {
    let (label, view) = (by.target().label().to_owned(), by.view());
    let page = context.store().disclosures().list(by)?;
    response::page(context.request(), &label, &page, view)
}
