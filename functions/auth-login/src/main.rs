//! POST /api/auth/login/ opens a session and returns its tokens.

use std::process::ExitCode;
use std::time::Duration;

use deserr::Deserr;
use serde::Serialize;
use shared::auth::attempts::{AttemptLimits, LoginAttempt};
use shared::auth::minimum_duration::MinimumDuration;
use shared::auth::minter::Minter;
use shared::auth::password::PasswordCheck;
use shared::auth::sessions::{self, TokenPair};
use shared::config::{self, ConfigError};
use shared::log::note_failure;
use shared::model::email::name_form;
use shared::model::field::{FieldErrors, JsonObject};
use shared::model::password::Password;
use shared::model::session::SessionLimits;
use shared::model::user::{Account, User};
use shared::{ApiError, ApiResult, Context, response, serve_public};

#[cfg(test)]
mod tests;

/// No refusal is faster, so that its time does not reveal its reason: several times the duration of the work before it
/// at 1 GiB.
const FAILURE_SPAN: Duration = Duration::from_millis(250);

struct Settings {
    minter: Minter,
    sessions: SessionLimits,
    attempts: AttemptLimits,
}

/// `username` takes the email, too; `email` is for clients that use this name.
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

shared::discloses_no_patient!(SignedIn);

fn main() -> ExitCode {
    serve_public(login)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            minter: Minter::from_env()?,
            sessions: sessions::limits_from_env()?,
            attempts: AttemptLimits::from_env()?,
        })
    }
}

async fn login(context: Context<Settings>) -> ApiResult {
    let minimum = MinimumDuration::start(FAILURE_SPAN);
    let (request, store) = (context.request(), context.store());
    let Login { username, email, password } = request.json_with(one_name)?;
    let name = name_form(&username.or(email).unwrap_or_default());

    let (limits, address) = (&context.settings().attempts, request.source_address());
    let attempt = LoginAttempt::reserve(store, context.now(), limits, &name, address).await?;
    match sign_in(&context, &name, password).await {
        Ok(Some(signed_in)) => {
            attempt.succeed(store, context.now()).await;
            response::ok(&signed_in)
        }
        Ok(None) => {
            minimum.wait().await;
            Err(ApiError::InvalidCredentials)
        }
        Err(error) => {
            attempt.withdraw(store).await;
            Err(error)
        }
    }
}

/// Opens a session. Returns `None` if name or password is wrong.
async fn sign_in(
    context: &Context<Settings>,
    name: &str,
    password: Password,
) -> Result<Option<SignedIn>, ApiError> {
    let Some(user) = authenticate(context, name, password).await? else { return Ok(None) };
    let (store, system) = (context.store(), context.system());
    let Settings { minter, sessions: limits, .. } = context.settings();
    let agent = context.request().user_agent();
    let tokens = sessions::open(store, system, minter, limits, &user, agent).await?;
    Ok(Some(SignedIn { tokens, user: user.into() }))
}

/// Returns the active account with this name and password. An account that does not exist, has no password or is not
/// active takes the same calls and the same work.
async fn authenticate(
    context: &Context<Settings>,
    name: &str,
    password: Password,
) -> Result<Option<User>, ApiError> {
    let (credentials, slots) = (context.store().credentials(), context.hash_slots());
    let (user, hash) = match credentials.named(name).await? {
        Some(found) => (Some(found.user), found.password_hash),
        None => (None, None),
    };
    let check = slots.verify(hash.as_ref(), password.clone()).await?;
    let PasswordCheck::Right { is_outdated } = check else { return Ok(None) };
    let Some(user) = user.filter(|user| user.active) else { return Ok(None) };
    if let (true, Some(old)) = (is_outdated, &hash) {
        let upgraded = async {
            let new = slots.hash(context.system(), password).await?;
            Ok::<_, ApiError>(credentials.upgrade(user.id, old, &new).await?)
        };
        // The next login tries again.
        note_failure("a password hash could not be upgraded", upgraded.await);
    }
    Ok(Some(user))
}

/// Checks that exactly one name is present: two could contradict each other.
fn one_name(body: &JsonObject, errors: &mut FieldErrors) {
    let is_given = |field| body.get(field).is_some_and(|value| !value.is_null());
    match (is_given("username"), is_given("email")) {
        (false, false) => errors.add("username", "is required unless email is given"),
        (true, true) => errors.add("email", "cannot be combined with username"),
        _ => {}
    }
}
