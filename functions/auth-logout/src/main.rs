//! POST /api/auth/logout/ — ends this session, or all of the caller's.

use std::process::ExitCode;

use deserr::Deserr;
use shared::model::field::FieldErrors;
use shared::{ApiResult, App, Caller, Request, response, serve};

#[cfg(test)]
mod tests;

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Logout {
    #[deserr(default)]
    everywhere: bool,
}

fn main() -> ExitCode {
    serve(logout)
}

async fn logout(app: App, caller: Caller, request: Request) -> ApiResult {
    let Logout { everywhere } = request.json_or_empty()?;
    if everywhere {
        app.table().raise_epoch(caller.id(), app.now()).await?;
        response::message("You are signed out everywhere.")
    } else {
        app.table().end_session(caller.id(), caller.session_id()).await?;
        response::message("You are signed out.")
    }
}
