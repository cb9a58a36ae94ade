//! POST /api/auth/password/ — changes the caller's password; all their other sessions end.

use std::process::ExitCode;
use std::sync::Arc;

use deserr::Deserr;
use shared::auth::attempts::{AttemptLimits, PasswordAttempt};
use shared::auth::password::{self, Verdict};
use shared::auth::policy::PasswordPolicy;
use shared::config::ConfigError;
use shared::model::field::FieldErrors;
use shared::model::password::Password;
use shared::table::PasswordSet;
use shared::{ApiError, ApiResult, App, Caller, Request, response, serve_with};

#[cfg(test)]
mod tests;

struct Settings {
    passwords: PasswordPolicy,
    attempts: AttemptLimits,
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Change {
    current_password: Password,
    new_password: Password,
}

fn main() -> ExitCode {
    serve_with(Settings::from_env, change)
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { passwords: PasswordPolicy::from_env()?, attempts: AttemptLimits::from_env()? })
    }
}

async fn change(app: App, settings: Arc<Settings>, caller: Caller, request: Request) -> ApiResult {
    let Settings { passwords, attempts } = &*settings;
    let user = caller.user();
    let Change { current_password, new_password } = request.json_with(|body, errors| {
        let names = [user.username.as_str(), user.email.as_str()];
        passwords.check_field(body, "new_password", &names, errors);
    })?;

    let attempt = PasswordAttempt::reserve(&app, attempts, user.id).await?;
    match set(&app, &caller, &attempt, current_password, new_password).await {
        Ok(Some(PasswordSet::Done)) => {
            response::message("Your password was changed. Your other sessions have ended.")
        }
        Ok(Some(PasswordSet::Ended)) => Err(ApiError::TokenNotValid),
        Ok(None) => {
            let errors = FieldErrors::one("current_password", "is not your password");
            Err(ApiError::InvalidBody(errors))
        }
        Err(error) => {
            attempt.withdraw(&app).await;
            Err(error)
        }
    }
}

/// `None` if the current password is another.
async fn set(
    app: &App,
    caller: &Caller,
    attempt: &PasswordAttempt,
    current: Password,
    new: Password,
) -> Result<Option<PasswordSet>, ApiError> {
    let hash = app.table().password_hash(caller.id()).await?;
    if password::verify(app, hash.as_ref(), current).await? == Verdict::Wrong {
        return Ok(None);
    }
    let hash = password::hash(app, new).await?;
    let (user, session) = (caller.user(), caller.session_id());
    let set = app.table().set_password(user, session, &hash, attempt.tried(), app.now()).await?;
    Ok(Some(set))
}
