//! POST /api/auth/login/ — opens a session and answers an access token.

use std::process::ExitCode;
use std::sync::Arc;

use deserr::Deserr;
use serde::Serialize;
use shared::auth::minter::Minter;
use shared::auth::password;
use shared::model::field::{FieldErrors, JsonObject};
use shared::model::password::PresentedPassword;
use shared::model::session::Session;
use shared::model::text::fold;
use shared::model::user::Account;
use shared::{ApiError, ApiResult, App, Request, response, runtime, serve_public};

#[cfg(test)]
mod tests;

/// `username` takes the email, too; `email` is for clients that call it so.
#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Login {
    #[deserr(default)]
    username: Option<String>,
    #[deserr(default)]
    email: Option<String>,
    password: PresentedPassword,
}

#[derive(Serialize)]
struct SignedIn<'a> {
    access: &'a str,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    user: Account,
}

fn main() -> ExitCode {
    let minter = match Minter::from_env() {
        Ok(minter) => Arc::new(minter),
        Err(error) => return runtime::stop(&error),
    };
    serve_public(move |app, request| login(app, minter.clone(), request))
}

async fn login(app: App, minter: Arc<Minter>, request: Request) -> ApiResult {
    let Login { username, email, password } = request.json_with(one_name)?;
    let name = fold(username.or(email).unwrap_or_default().trim());

    // Whoever does not exist or is not active takes the same calls and the same work.
    let found = app.table().credentials(&name).await?;
    let (user, hash) = found.map(|found| (found.user, found.password_hash)).unzip();
    let is_right = password::verify(hash, password).await?;
    let user = user.filter(|user| is_right && user.active).ok_or(ApiError::InvalidCredentials)?;

    let session = Session::open(&user, app.random_text::<16>()?, app.now());
    app.table().open_session(&session).await?;
    let access = minter.mint(&app, user.id, session.id).await?;
    response::ok(&SignedIn {
        access: access.expose(),
        token_type: "Bearer",
        expires_in: access.expires_in.as_secs(),
        user: user.into(),
    })
}

/// Either name is enough, and two could contradict each other.
fn one_name(body: &JsonObject, errors: &mut FieldErrors) {
    let is_given = |field| body.get(field).is_some_and(|value| !value.is_null());
    match (is_given("username"), is_given("email")) {
        (false, false) => errors.add("username", "is required, or email in its place"),
        (true, true) => errors.add("email", "must not stand beside username"),
        _ => {}
    }
}
