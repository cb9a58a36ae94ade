//! DELETE /api/auth/sessions/{id}/ — ends one of the caller's sessions.

use std::process::ExitCode;

use shared::model::session::SessionId;
use shared::{ApiError, ApiResult, App, Caller, Request, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(revoke)
}

async fn revoke(app: App, caller: Caller, request: Request) -> ApiResult {
    let id: SessionId = request.path_id("id", "session")?;
    if app.table().revoke_session(caller.id(), &id).await? {
        response::no_content()
    } else {
        Err(ApiError::not_found("session of yours with this id"))
    }
}
