//! GET /api/auth/me/ — the caller's own account.

use std::process::ExitCode;

use shared::model::user::Account;
use shared::{ApiResult, App, Caller, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(me)
}

async fn me(_app: App, caller: Caller, _request: Request) -> ApiResult {
    response::ok(&Account::from(caller.user().clone()))
}
