//! POST /api/auth/login/ — opens a session and answers its tokens.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use deserr::Deserr;
use serde::Serialize;
use shared::auth::attempts::{AttemptLimits, LoginAttempt};
use shared::auth::floor::Floor;
use shared::auth::minter::Minter;
use shared::auth::password::{self, Verdict};
use shared::auth::sessions::{self, TokenPair};
use shared::config::ConfigError;
use shared::log::note_failure;
use shared::model::field::{FieldErrors, JsonObject};
use shared::model::password::Password;
use shared::model::session::SessionLimits;
use shared::model::text::fold;
use shared::model::user::{Account, User};
use shared::{ApiError, ApiResult, App, Request, response, serve_public_with};

#[cfg(test)]
mod tests;

/// No refusal comes sooner, so that its time does not tell what it was for: several times what everything
/// before it takes at 1 GiB.
const FAILURE_SPAN: Duration = Duration::from_millis(250);

struct Settings {
    minter: Minter,
    sessions: SessionLimits,
    attempts: AttemptLimits,
}

/// `username` takes the email, too; `email` is for clients that call it so.
#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct Login {
    #[deserr(default)]
    username: Option<String>,
    #[deserr(default)]
    email: Option<String>,
    password: Password,
}

#[derive(Serialize)]
struct SignedIn {
    #[serde(flatten)]
    tokens: TokenPair,
    user: Account,
}

fn main() -> ExitCode {
    serve_public_with(Settings::from_env, login)
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            minter: Minter::from_env()?,
            sessions: sessions::limits_from_env()?,
            attempts: AttemptLimits::from_env()?,
        })
    }
}

async fn login(app: App, settings: Arc<Settings>, request: Request) -> ApiResult {
    let floor = Floor::start(FAILURE_SPAN);
    let Login { username, email, password } = request.json_with(one_name)?;
    let name = fold(username.or(email).unwrap_or_default().trim());
    let Settings { minter, sessions: limits, attempts } = &*settings;

    let attempt = LoginAttempt::reserve(&app, attempts, &name, request.source_address()).await?;
    let signed_in = async {
        let Some(user) = authenticate(&app, &name, password).await? else { return Ok(None) };
        let agent = request.user_agent();
        let tokens = sessions::open(&app, minter, limits, &user, agent).await?;
        Ok(Some(SignedIn { tokens, user: user.into() }))
    };
    match signed_in.await {
        Ok(Some(signed_in)) => {
            attempt.succeed(&app).await;
            response::ok(&signed_in)
        }
        Ok(None) => {
            floor.wait().await;
            Err(ApiError::InvalidCredentials)
        }
        Err(error) => {
            attempt.withdraw(&app).await;
            Err(error)
        }
    }
}

/// The active account with this name and password. Whoever does not exist, has no password or is not
/// active takes the same calls and the same work.
async fn authenticate(app: &App, name: &str, password: Password) -> Result<Option<User>, ApiError> {
    let found = app.table().credentials(name).await?;
    let (user, hash) = match found {
        Some(found) => (Some(found.user), found.password_hash),
        None => (None, None),
    };
    let verdict = password::verify(app, hash.as_ref(), password.clone()).await?;
    let Verdict::Right { is_outdated } = verdict else { return Ok(None) };
    let Some(user) = user.filter(|user| user.active) else { return Ok(None) };
    if let (true, Some(old)) = (is_outdated, &hash) {
        let upgraded = async {
            let new = password::hash(app, password).await?;
            Ok::<_, ApiError>(app.table().upgrade_password_hash(user.id, old, &new).await?)
        };
        // The next login tries again.
        note_failure("a password hash could not be upgraded", upgraded.await);
    }
    Ok(Some(user))
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
