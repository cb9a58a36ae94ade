//! POST /api/auth/verify/ tells whether an access token is valid.

use std::process::ExitCode;

use deserr::Deserr;
use serde::Serialize;
use shared::model::field::FieldErrors;
use shared::{ApiResult, Context, response, serve_public};

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

shared::discloses_no_patient!(Valid);

fn main() -> ExitCode {
    serve_public(verify)
}

async fn verify(context: Context) -> ApiResult {
    let Verify { token } = context.request().json()?;
    context.authenticate(token.trim()).await?;
    response::ok(&Valid {})
}
