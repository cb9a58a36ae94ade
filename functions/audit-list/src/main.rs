//! GET /api/audit/ returns rows of the audit trail, newest first: those of an account (`actor`), of a patient
//! (`patient`) or of a day (`day`, by default today). `Accept: text/csv` gives the same page as CSV.

use std::process::ExitCode;

use shared::store::ReadTrail;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(context: Context, by: Granted<ReadTrail>) -> ApiResult {
    let (label, view) = (by.target().label().to_owned(), by.view());
    let page = context.store().trail().page(by).await?;
    response::page_or_csv(context.request(), &label, &page, view)
}
