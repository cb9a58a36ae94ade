//! POST /api/auth/email/verify/ verifies the address of an account by a mailed token.

use std::process::ExitCode;

use deserr::Deserr;
use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::mailed_token::MailedToken;
use shared::config::{self, ConfigError};
use shared::model::field::FieldErrors;
use shared::{ApiResult, Context, response, serve_public_recorded};

#[cfg(test)]
mod tests;

const OPERATION: &str = "auth-email-verify";

struct Settings {
    attempts: AttemptLimits,
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Verify {
    token: String,
}

fn main() -> ExitCode {
    serve_public_recorded(OPERATION, verify)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { attempts: AttemptLimits::from_env()? })
    }
}

async fn verify(context: Context<Settings>) -> ApiResult {
    let Settings { attempts: limits } = context.settings();
    let (request, store) = (context.request(), context.store());
    let Verify { token } = request.json()?;
    attempts::email_verification(store, context.now(), limits, request.source_address()).await?;
    let token = MailedToken::received(&token);
    store.verifications().complete(&token.hash(), context.now()).await?;
    response::message("Your email address is verified.")
}
