//! GET /api/auth/me/ returns the caller's own account.

use std::process::ExitCode;

use shared::model::user::Account;
use shared::store::ReadOwnAccount;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(me)
}

async fn me(_context: Context, by: Granted<ReadOwnAccount>) -> ApiResult {
    response::ok(&Account::from(by.caller().user().clone()))
}
