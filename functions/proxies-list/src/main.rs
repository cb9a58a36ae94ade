//! GET /api/patients/{id}/proxies/ returns the accounts that act for a patient, now or later.

use std::process::ExitCode;

use shared::access::Act;
use shared::store::ListProxies;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(context: Context, by: Granted<ListProxies>) -> ApiResult {
    let view = by.view();
    let page = context.store().proxies().list(by)?;
    response::page(context.request(), Act::ListProxies.function(), &page, view)
}
