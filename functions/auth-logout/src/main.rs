//! POST /api/auth/logout/ ends this session, or all sessions of the caller's account. The session is that of the
//! refresh token in the body; without one, that of the access token.

use std::process::ExitCode;

use deserr::Deserr;
use shared::auth::sessions;
use shared::model::field::FieldErrors;
use shared::store::EndOwnSession;
use shared::{Answer, ApiError, ApiResult, Context, Granted, response, serve_after};

#[cfg(test)]
mod tests;

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Logout {
    #[deserr(default)]
    refresh: Option<String>,
    #[deserr(default)]
    everywhere: bool,
}

fn main() -> ExitCode {
    serve_after(by_refresh_token, logout)
}

/// Answers a request with a refresh token, which needs no access token and ignores one: it may have expired. The bearer
/// of the refresh token could get an access token and log out with that.
async fn by_refresh_token(context: Context) -> Result<Option<Answer>, ApiError> {
    let Logout { refresh, everywhere } = context.request().json_or_empty()?;
    let token = refresh.as_deref().map(str::trim).filter(|token| !token.is_empty());
    let Some(token) = token else { return Ok(None) };
    sessions::log_out(context.store(), context.now(), token, everywhere).await?;
    signed_out(everywhere).map(Some)
}

async fn logout(context: Context, by: Granted<EndOwnSession>) -> ApiResult {
    let Logout { everywhere, .. } = context.request().json_or_empty()?;
    if everywhere {
        context.store().accounts().end_all_sessions(by).await?;
    } else {
        context.store().sessions().end_own(by).await?;
    }
    signed_out(everywhere)
}

fn signed_out(everywhere: bool) -> ApiResult {
    let done = if everywhere { "You are signed out everywhere." } else { "You are signed out." };
    response::message(done)
}
