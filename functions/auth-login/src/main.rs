//! POST /api/auth/login/ opens a session and returns its tokens.

use std::process::ExitCode;
use std::time::Duration;

use deserr::Deserr;
use secrecy::SecretString;
use serde::Serialize;
use shared::auth::attempts::{AttemptLimits, LoginAttempt};
use shared::auth::minimum_duration::MinimumDuration;
use shared::auth::minter::Minter;
use shared::auth::password::PasswordCheck;
use shared::auth::sessions::{self, Opened, TokenPair};
use shared::config::{self, ConfigError, parsed};
use shared::log::note_failure;
use shared::model::email::name_form;
use shared::model::field::{FieldErrors, JsonObject};
use shared::model::password::Password;
use shared::model::session::SessionLimits;
use shared::model::user::{Account, User};
use shared::{ApiError, ApiResult, Context, response, serve_public_recorded};

#[cfg(test)]
mod tests;

const OPERATION: &str = "auth-login";

/// No refusal is faster, so that its time does not reveal its reason: several times the duration of the work before it
/// at 1 GiB.
const FAILURE_SPAN: Duration = Duration::from_millis(250);

/// How often to verify a password whose account changes at the same time.
const ATTEMPTS: u32 = 3;

struct Settings {
    minter: Minter,
    sessions: SessionLimits,
    attempts: AttemptLimits,
    /// `REQUIRE_VERIFIED_EMAIL`: whether an account whose address is not verified cannot sign in.
    requires_verified_email: bool,
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
    /// How many of the account's open sessions this login ended, because it had too many. The owner learns it here and
    /// not by mail: the address may not be verified.
    ended_sessions: usize,
}

shared::discloses_no_patient!(SignedIn);

fn main() -> ExitCode {
    serve_public_recorded(OPERATION, login)
}

impl config::Settings for Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            minter: Minter::from_env()?,
            sessions: sessions::limits_from_env()?,
            attempts: AttemptLimits::from_env()?,
            requires_verified_email: parsed("REQUIRE_VERIFIED_EMAIL")?,
        })
    }
}

async fn login(context: Context<Settings>) -> ApiResult {
    let minimum = MinimumDuration::start(FAILURE_SPAN);
    let (request, store) = (context.request(), context.store());
    let Login { username, email, password } = request.json_with(one_name)?;
    let name = name_form(&username.or(email).unwrap_or_default());

    let (limits, address) = (&context.settings().attempts, request.source_address());
    let mut attempt = LoginAttempt::reserve(store, context.now(), limits, &name, address).await?;
    match sign_in(&context, &name, password, &mut attempt).await {
        Ok(Some(signed_in)) => {
            attempt.succeed(store, context.now()).await;
            response::ok(&signed_in)
        }
        Ok(None) => {
            minimum.wait().await;
            Err(ApiError::InvalidCredentials)
        }
        // The attempt stays counted: a client that signs in in a loop must not have passwords hashed without a pause.
        Err(error @ (ApiError::TooManyAttempts { .. } | ApiError::EmailNotVerified)) => Err(error),
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
    attempt: &mut LoginAttempt,
) -> Result<Option<SignedIn>, ApiError> {
    let (store, system) = (context.store(), context.system());
    let Settings { minter, sessions: limits, .. } = context.settings();
    for _ in 0..ATTEMPTS {
        let verified = authenticate(context, name, password.clone()).await?;
        let Some((user, hash)) = verified else { return Ok(None) };
        // Only after the right password: nobody else learns it.
        if context.settings().requires_verified_email && !user.email_verified {
            return Err(ApiError::EmailNotVerified);
        }
        attempt.count_login(store, context.now(), user.id).await?;
        let agent = context.request().user_agent();
        match sessions::open(store, system, minter, limits, &user, &hash, agent).await {
            // The account or its password changed since it was read.
            Err(ApiError::Contended) => {}
            opened => {
                let Opened { tokens, ended_sessions } = opened?;
                return Ok(Some(SignedIn { tokens, user: user.into(), ended_sessions }));
            }
        }
    }
    Err(ApiError::Contended)
}

/// Returns the active account with this name and password, and the hash that is stored now. An account that does not
/// exist, has no password or is not active takes the same calls and the same work.
async fn authenticate(
    context: &Context<Settings>,
    name: &str,
    password: Password,
) -> Result<Option<(User, SecretString)>, ApiError> {
    let (credentials, slots) = (context.store().credentials(), context.hash_slots());
    let (user, hash) = match credentials.named(name).await? {
        Some(found) => (Some(found.user), found.password_hash),
        None => (None, None),
    };
    if let Some(user) = &user {
        context.store().note_account(user.id);
    }
    let check = slots.verify(hash.as_ref(), password.clone()).await?;
    let PasswordCheck::Right { is_outdated } = check else { return Ok(None) };
    let user = user.filter(|user| user.active);
    let Some((user, mut hash)) = user.zip(hash) else { return Ok(None) };
    if is_outdated {
        let upgraded = async {
            let new = slots.hash(context.system(), password).await?;
            if credentials.upgrade(user.id, &hash, &new).await? {
                hash = new;
            }
            Ok::<_, ApiError>(())
        };
        // The next login tries again.
        note_failure("a password hash could not be upgraded", upgraded.await);
    }
    Ok(Some((user, hash)))
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
