//! POST /api/auth/password/ changes the caller's password; all other sessions of the account end.

use std::process::ExitCode;

use deserr::Deserr;
use shared::auth::attempts::{AttemptLimits, PasswordAttempt};
use shared::auth::password::PasswordCheck;
use shared::auth::policy::PasswordPolicy;
use shared::config::{self, ConfigError};
use shared::model::field::FieldErrors;
use shared::model::password::Password;
use shared::store::ChangeOwnPassword;
use shared::{ApiError, ApiResult, Context, Granted, response, serve};

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
    serve(change)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { passwords: PasswordPolicy::from_env()?, attempts: AttemptLimits::from_env()? })
    }
}

async fn change(context: Context<Settings>, by: Granted<ChangeOwnPassword>) -> ApiResult {
    let (Settings { passwords, attempts: limits }, store) = (context.settings(), context.store());
    let body: Change = context
        .request()
        .json_with(|body, errors| passwords.check_length(body, "new_password", errors))?;

    let id = by.caller().user().id;
    let attempt = PasswordAttempt::reserve(store, context.now(), limits, id).await?;
    match set(&context, by, &attempt, body).await {
        Ok(PasswordCheck::Right { .. }) => {
            response::message("Your password was changed. Your other sessions have ended.")
        }
        Ok(PasswordCheck::Wrong) => {
            let errors = FieldErrors::one("current_password", "is not your password");
            Err(ApiError::InvalidBody(errors))
        }
        // The attempt stays counted if the session ended before the change, or the new password is weak: judging it is
        // as costly as a guess.
        Err(error @ (ApiError::TokenNotValid | ApiError::InvalidBody(_))) => Err(error),
        Err(error) => {
            attempt.withdraw(store).await;
            Err(error)
        }
    }
}

/// Sets the new password if the current one is right, and returns whether it is. A weak new password is an error.
async fn set(
    context: &Context<Settings>,
    by: Granted<ChangeOwnPassword>,
    attempt: &PasswordAttempt,
    Change { current_password, new_password }: Change,
) -> Result<PasswordCheck, ApiError> {
    let (credentials, slots) = (context.store().credentials(), context.hash_slots());
    let user = by.caller().user();
    let names = [user.username.as_str(), user.email.as_str()];
    context.settings().passwords.require(slots, "new_password", &new_password, &names).await?;
    let hash = credentials.of_caller(&by).await?;
    let check = slots.verify(hash.as_ref(), current_password).await?;
    if check != PasswordCheck::Wrong {
        let hash = slots.hash(context.system(), new_password).await?;
        credentials.set(by, &hash, attempt.key()).await?;
    }
    Ok(check)
}
