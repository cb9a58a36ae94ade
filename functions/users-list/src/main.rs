//! GET /api/users/ returns accounts by username; `?search=` takes the beginning of one.

use std::process::ExitCode;

use shared::access::Act;
use shared::store::ListAccounts;
use shared::targets::list_label;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(context: Context, by: Granted<ListAccounts>) -> ApiResult {
    let (label, view) = (list_label(Act::ListAccounts, context.request().search()?), by.view());
    response::page(context.request(), &label, &context.store().accounts().list(by), view)
}
