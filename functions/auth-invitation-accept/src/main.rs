//! POST /api/auth/invitations/accept/ makes the account of an invitation. It does not sign in.

use std::process::ExitCode;

use deserr::Deserr;
use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::invitation;
use shared::auth::mailed_token::MailedToken;
use shared::auth::policy::PasswordPolicy;
use shared::config::{self, ConfigError};
use shared::model::field::FieldErrors;
use shared::model::password::Password;
use shared::model::user::Account;
use shared::model::username::{FOREIGN_ADDRESS, Username};
use shared::{ApiError, ApiResult, Context, response, serve_public_recorded};

#[cfg(test)]
mod tests;

const OPERATION: &str = "auth-invitation-accept";

struct Settings {
    passwords: PasswordPolicy,
    attempts: AttemptLimits,
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Acceptance {
    token: String,
    username: Username,
    password: Password,
}

fn main() -> ExitCode {
    serve_public_recorded(OPERATION, accept)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { passwords: PasswordPolicy::from_env()?, attempts: AttemptLimits::from_env()? })
    }
}

async fn accept(context: Context<Settings>) -> ApiResult {
    let Settings { passwords, attempts: limits } = context.settings();
    let (request, store) = (context.request(), context.store());
    let Acceptance { token, username, password } =
        request.json_with(|body, errors| passwords.check_length(body, "password", errors))?;
    attempts::invitation_acceptance(store, context.now(), limits, request.source_address()).await?;

    let token = MailedToken::received(&token);
    let invitation = invitation::open(store, &token, context.now()).await?;
    if !username.may_belong_to(&invitation.email) {
        return Err(ApiError::InvalidBody(FieldErrors::one("username", FOREIGN_ADDRESS)));
    }
    let (slots, names) = (context.hash_slots(), [username.as_str(), invitation.email.as_str()]);
    passwords.require(slots, "password", &password, &names).await?;
    let hash = slots.hash(context.system(), password).await?;
    let user = store.accounts().accept(&invitation, username, &hash, context.now()).await?;
    response::created(&Account::from(user))
}
