//! POST /api/auth/logout/ ends this session, or all sessions of the caller's account.

use std::process::ExitCode;

use deserr::Deserr;
use shared::model::field::FieldErrors;
use shared::store::EndOwnSession;
use shared::{ApiResult, Context, Granted, response, serve};

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

async fn logout(context: Context, by: Granted<EndOwnSession>) -> ApiResult {
    let Logout { everywhere } = context.request().json_or_empty()?;
    if everywhere {
        context.store().accounts().end_all_sessions(by).await?;
        response::message("You are signed out everywhere.")
    } else {
        context.store().sessions().end_own(by).await?;
        response::message("You are signed out.")
    }
}
