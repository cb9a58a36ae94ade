//! DELETE /api/auth/sessions/{id}/ ends one of the caller's sessions.

use std::process::ExitCode;

use shared::model::session::SessionId;
use shared::store::RevokeOwnSession;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(revoke)
}

async fn revoke(context: Context, by: Granted<RevokeOwnSession>) -> ApiResult {
    let id: SessionId = context.request().path_id("id", "session")?;
    context.store().sessions().revoke(by, &id).await?;
    response::no_content()
}
