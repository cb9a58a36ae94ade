//! POST /api/auth/password/reset/confirm/ — sets a new password by a mailed token; every session ends.

use std::process::ExitCode;
use std::sync::Arc;

use deserr::Deserr;
use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::password;
use shared::auth::policy::PasswordPolicy;
use shared::auth::reset::ResetToken;
use shared::config::ConfigError;
use shared::model::field::FieldErrors;
use shared::model::password::Password;
use shared::model::user::User;
use shared::table::PasswordSet;
use shared::{ApiError, ApiResult, App, Request, response, serve_public_with};

#[cfg(test)]
mod tests;

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
    serve_public_with(Settings::from_env, confirm)
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { passwords: PasswordPolicy::from_env()?, attempts: AttemptLimits::from_env()? })
    }
}

async fn confirm(app: App, settings: Arc<Settings>, request: Request) -> ApiResult {
    let Settings { passwords, attempts: limits } = &*settings;
    let Confirmation { token, new_password } = request
        .json_with(|body, errors| passwords.check_field(body, "new_password", &[], errors))?;
    let address = request.source_address();
    attempts::reset_confirmation(&app, limits, address).await?;

    let token = ResetToken::received(&token);
    let user = owner(&app, &token).await?;
    let names = [user.username.as_str(), user.email.as_str()];
    passwords.check(new_password.expose(), &names).map_err(|weak| {
        ApiError::InvalidBody(FieldErrors::one("new_password", weak.to_string()))
    })?;

    let hash = password::hash(&app, new_password).await?;
    match app.table().spend_reset(&token.hash(), &user, &hash, app.now()).await? {
        PasswordSet::Done => {
            attempts::forgive(&app, limits, &user, address).await;
            response::message("Your password was changed. Sign in with the new one.")
        }
        PasswordSet::Ended => Err(not_valid()),
    }
}

/// The account that the token was mailed to, if nothing has ended the reset.
async fn owner(app: &App, token: &ResetToken) -> Result<User, ApiError> {
    let reset = app.table().reset(&token.hash(), app.now()).await?.ok_or_else(not_valid)?;
    let id = reset.user_id.ok_or_else(not_valid)?;
    let user = app.table().user(id).await?;
    user.filter(|user| user.active && user.epoch == reset.epoch).ok_or_else(not_valid)
}

fn not_valid() -> ApiError {
    ApiError::InvalidBody(FieldErrors::one("token", "is not valid or has expired"))
}
