//! GET /api/invitations/ returns the open invitations.

use std::process::ExitCode;

use shared::access::Act;
use shared::store::ListInvitations;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(list)
}

async fn list(context: Context, by: Granted<ListInvitations>) -> ApiResult {
    let view = by.view();
    let page = context.store().invitations().list(by);
    response::page(context.request(), Act::ListInvitations.function(), &page, view)
}
