//! POST /api/auth/verify/ — whether an access token counts at this moment.

use std::process::ExitCode;

use deserr::Deserr;
use serde::Serialize;
use shared::model::field::FieldErrors;
use shared::{ApiResult, App, Caller, Request, response, serve_public};

#[cfg(test)]
mod tests;

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Verify {
    token: String,
}

/// `{}`
#[derive(Serialize)]
struct Valid {}

fn main() -> ExitCode {
    serve_public(verify)
}

async fn verify(app: App, request: Request) -> ApiResult {
    let Verify { token } = request.json()?;
    Caller::of_token(&app, token.trim()).await?;
    response::ok(&Valid {})
}
