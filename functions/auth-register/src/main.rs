//! POST /api/auth/register/ — makes an account.

use std::process::ExitCode;

use deserr::Deserr;
use serde::Serialize;
use shared::auth::password;
use shared::auth::registration::RegistrationPolicy;
use shared::model::email::Email;
use shared::model::field::{FieldErrors, JsonObject, peek};
use shared::model::password::NewPassword;
use shared::model::user::Account;
use shared::model::username::Username;
use shared::table::{NewUser, Registered};
use shared::{ApiError, ApiResult, App, Request, response, runtime, serve_public};

#[cfg(test)]
mod tests;

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Registration {
    username: Username,
    email: Email,
    password: NewPassword,
}

#[derive(Serialize)]
struct Welcome {
    message: &'static str,
    user: Account,
}

fn main() -> ExitCode {
    let policy = match RegistrationPolicy::from_env() {
        Ok(policy) => policy,
        Err(error) => return runtime::stop(&error),
    };
    serve_public(move |app, request| register(app, policy, request))
}

async fn register(app: App, policy: RegistrationPolicy, request: Request) -> ApiResult {
    let Registration { username, email, password } = request.json_with(own_address)?;
    let new = NewUser {
        username,
        email,
        password_hash: password::hash(&app, password).await?,
        role: policy.role,
        first_is_admin: policy.first_is_admin,
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
