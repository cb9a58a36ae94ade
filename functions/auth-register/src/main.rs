//! POST /api/auth/register/ — makes an account.

use std::process::ExitCode;
use std::sync::Arc;

use deserr::Deserr;
use serde::Serialize;
use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::password;
use shared::auth::policy::PasswordPolicy;
use shared::auth::registration::RegistrationPolicy;
use shared::config::ConfigError;
use shared::model::email::Email;
use shared::model::field::{FieldErrors, JsonObject, peek};
use shared::model::password::Password;
use shared::model::user::Account;
use shared::model::username::Username;
use shared::table::{NewUser, Registered};
use shared::{ApiError, ApiResult, App, Request, response, serve_public_with};

#[cfg(test)]
mod tests;

struct Settings {
    registration: RegistrationPolicy,
    passwords: PasswordPolicy,
    attempts: AttemptLimits,
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Registration {
    username: Username,
    email: Email,
    password: Password,
}

#[derive(Serialize)]
struct Welcome {
    message: &'static str,
    user: Account,
}

fn main() -> ExitCode {
    serve_public_with(Settings::from_env, register)
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            registration: RegistrationPolicy::from_env()?,
            passwords: PasswordPolicy::from_env()?,
            attempts: AttemptLimits::from_env()?,
        })
    }
}

async fn register(app: App, settings: Arc<Settings>, request: Request) -> ApiResult {
    let Settings { registration, passwords, attempts } = &*settings;
    let Registration { username, email, password } = request.json_with(|body, errors| {
        own_address(body, errors);
        let name = |field| body.get(field).and_then(|name| name.as_str()).unwrap_or_default();
        passwords.check_field(body, "password", &[name("username"), name("email")], errors);
    })?;
    attempts::registration(&app, attempts, request.source_address()).await?;
    let new = NewUser {
        username,
        email,
        password_hash: password::hash(&app, password).await?,
        role: registration.role,
        first_is_admin: registration.first_is_admin,
    };
    match app.table().register(new, app.now()).await? {
        Registered::Done(user) => {
            response::created(&Welcome { message: "The account was created.", user: user.into() })
        }
        Registered::Taken(errors) => Err(ApiError::Conflict(errors)),
    }
}

/// A username with `@` in it could pass for somebody else's address.
fn own_address(body: &JsonObject, errors: &mut FieldErrors) {
    let (username, email) = (peek::<Username>(body, "username"), peek::<Email>(body, "email"));
    if username.zip(email).is_some_and(|(username, email)| !username.may_belong_to(&email)) {
        errors.add("username", "with @ in it must be the account's own email");
    }
}
