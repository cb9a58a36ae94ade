//! POST /api/auth/password/reset/confirm/ sets a new password by a mailed token; all sessions of the account end, and
//! its address is verified.

use std::process::ExitCode;

use deserr::Deserr;
use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::mailed_token::MailedToken;
use shared::auth::policy::PasswordPolicy;
use shared::config::{self, ConfigError};
use shared::model::field::FieldErrors;
use shared::model::password::Password;
use shared::model::timestamp::Timestamp;
use shared::model::user::User;
use shared::store::{Store, StoreError};
use shared::{ApiResult, Context, response, serve_public_recorded};

#[cfg(test)]
mod tests;

const OPERATION: &str = "auth-password-reset-confirm";

struct Settings {
    passwords: PasswordPolicy,
    attempts: AttemptLimits,
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Confirmation {
    token: String,
    new_password: Password,
}

fn main() -> ExitCode {
    serve_public_recorded(OPERATION, confirm)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { passwords: PasswordPolicy::from_env()?, attempts: AttemptLimits::from_env()? })
    }
}

async fn confirm(context: Context<Settings>) -> ApiResult {
    let Settings { passwords, attempts: limits } = context.settings();
    let (request, store) = (context.request(), context.store());
    let Confirmation { token, new_password } =
        request.json_with(|body, errors| passwords.check_length(body, "new_password", errors))?;
    let address = request.source_address();
    attempts::reset_confirmation(store, context.now(), limits, address).await?;

    let token = MailedToken::received(&token);
    let user = owner(store, &token, context.now()).await?;
    let names = [user.username.as_str(), user.email.as_str()];
    let slots = context.hash_slots();
    passwords.require(slots, "new_password", &new_password, &names).await?;
    let hash = slots.hash(context.system(), new_password).await?;
    store.resets().complete(&token.hash(), &user, &hash, context.now()).await?;
    attempts::forgive(store, context.now(), limits, &user, address).await;
    response::message("Your password was changed. Sign in with the new one.")
}

/// Returns the account that the token was mailed to, unless the reset has ended.
async fn owner(store: &Store, token: &MailedToken, now: Timestamp) -> Result<User, StoreError> {
    let reset = store.resets().find(&token.hash(), now).await?.ok_or(StoreError::TokenEnded)?;
    let id = reset.user_id.ok_or(StoreError::TokenEnded)?;
    let user = store.accounts().by_id(id).await?;
    let has_address = |user: &User| reset.email.as_ref() == Some(&user.email);
    let is_owner = |user: &User| user.active && user.epoch == reset.epoch && has_address(user);
    user.filter(is_owner).ok_or(StoreError::TokenEnded)
}
