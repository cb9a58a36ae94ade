//! POST /api/auth/register/ makes an account, and mails a link that verifies its address.

use std::process::ExitCode;

use deserr::Deserr;
use serde::Serialize;
use shared::auth::attempts::{self, AttemptLimits};
use shared::auth::policy::PasswordPolicy;
use shared::auth::registration::RegistrationPolicy;
use shared::auth::verification::VerificationMail;
use shared::config::{self, ConfigError};
use shared::log::note_failure;
use shared::model::email::Email;
use shared::model::field::{FieldErrors, JsonObject, peek};
use shared::model::password::Password;
use shared::model::user::Account;
use shared::model::username::{FOREIGN_ADDRESS, Username};
use shared::store::NewUser;
use shared::{ApiResult, Context, response, serve_public_recorded};

#[cfg(test)]
mod tests;

const OPERATION: &str = "auth-register";

struct Settings {
    registration: RegistrationPolicy,
    passwords: PasswordPolicy,
    attempts: AttemptLimits,
    mail: VerificationMail,
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

shared::discloses_no_patient!(Welcome);

fn main() -> ExitCode {
    serve_public_recorded(OPERATION, register)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            registration: RegistrationPolicy::from_env()?,
            passwords: PasswordPolicy::from_env()?,
            attempts: AttemptLimits::from_env()?,
            mail: VerificationMail::from_env()?,
        })
    }
}

async fn register(context: Context<Settings>) -> ApiResult {
    let Settings { registration, passwords, attempts: limits, mail } = context.settings();
    let (request, store) = (context.request(), context.store());
    let Registration { username, email, password } = request.json_with(|body, errors| {
        own_address(body, errors);
        passwords.check_length(body, "password", errors);
    })?;
    attempts::registration(store, context.now(), limits, request.source_address()).await?;
    let role = registration.open_role()?;
    let (slots, names) = (context.hash_slots(), [username.as_str(), email.as_str()]);
    passwords.require(slots, "password", &password, &names).await?;
    let new = NewUser {
        username,
        email,
        password_hash: slots.hash(context.system(), password).await?,
        role,
        first_is_admin: registration.first_is_admin,
    };
    let user = store.accounts().register(new, context.now()).await?;
    // The account exists without the mail, too; a reset verifies its address later.
    let sent = mail.send(store, context.system(), limits, &user).await;
    note_failure("a mail did not leave", sent);
    response::created(&Welcome { message: "The account was created.", user: user.into() })
}

/// Refuses a username that could pass for the email address of another account.
fn own_address(body: &JsonObject, errors: &mut FieldErrors) {
    let (username, email) = (peek::<Username>(body, "username"), peek::<Email>(body, "email"));
    if username.zip(email).is_some_and(|(username, email)| !username.may_belong_to(&email)) {
        errors.add("username", FOREIGN_ADDRESS);
    }
}
