//! Sessions opened by a login and carried on by refresh tokens.

use std::time::Duration;

use serde::Serialize;

use super::minter::Minter;
use super::refresh_token::RefreshToken;
use crate::app::App;
use crate::config::{ConfigError, span};
use crate::error::ApiError;
use crate::model::id::Id;
use crate::model::session::{Session, SessionId, SessionLimits, UserAgent};
use crate::model::user::User;
use crate::table::Rotated;

const MINUTE: Duration = Duration::from_secs(60);

/// How long the directly previous refresh token gives the same successor once more: to the second of two
/// tabs, or after a lost reply.
const GRACE: Duration = Duration::from_secs(10);

/// How often to look at a session again that somebody else refreshes at the same time.
const ROUNDS: u32 = 3;

/// `SESSION_IDLE_MINUTES`
pub fn idle_limit_from_env() -> Result<Duration, ConfigError> {
    span("SESSION_IDLE_MINUTES", MINUTE)
}

/// `SESSION_IDLE_MINUTES` and `SESSION_LIFETIME_MINUTES`
pub fn limits_from_env() -> Result<SessionLimits, ConfigError> {
    Ok(SessionLimits {
        idle: idle_limit_from_env()?,
        lifetime: span("SESSION_LIFETIME_MINUTES", MINUTE)?,
    })
}

/// What a client gets to act by (RFC 6749, 5.1, in the words of Simple JWT).
#[derive(Serialize)]
pub struct TokenPair {
    access: String,
    refresh: String,
    token_type: &'static str,
    /// Of `access`, in seconds.
    expires_in: u64,
}

impl TokenPair {
    async fn mint(app: &App, minter: &Minter, refresh: &RefreshToken) -> Result<Self, ApiError> {
        let access = minter.mint(app, refresh.user_id, refresh.session_id.clone()).await?;
        Ok(Self {
            access: access.expose().to_owned(),
            refresh: refresh.expose(),
            token_type: "Bearer",
            expires_in: access.expires_in.as_secs(),
        })
    }
}

/// Calls: Put; those of the minter once in a while.
pub async fn open(
    app: &App,
    minter: &Minter,
    limits: &SessionLimits,
    user: &User,
    user_agent: Option<UserAgent>,
) -> Result<TokenPair, ApiError> {
    let id: SessionId = app.random_text::<16>()?.parse().map_err(ApiError::internal)?;
    let token = RefreshToken::first(app, user.id, id.clone())?;
    let pair = TokenPair::mint(app, minter, &token).await?;
    let session = Session::open(user, id, token.state(), user_agent, limits, app.now());
    app.table().open_session(&session).await?;
    Ok(pair)
}

/// Spends a refresh token. The session goes on with its successor; it ends when the token was spent
/// before, unless that was a moment ago. Calls: A, Update; Delete at theft.
pub async fn refresh(
    app: &App,
    minter: &Minter,
    idle: Duration,
    presented: &str,
) -> Result<TokenPair, ApiError> {
    let token = RefreshToken::parse(presented).ok_or(ApiError::TokenNotValid)?;
    let found = app.table().user_and_session(token.user_id, &token.session_id).await?;
    let (user, mut session) = found.ok_or(ApiError::TokenNotValid)?;
    for _ in 0..ROUNDS {
        let now = app.now();
        let known = &session.refresh;
        // A family that is not the session's: whoever sends it knows no more than the session's id.
        if !session.is_valid_for(&user, now) || known.family_hash != token.family_hash() {
            return Err(ApiError::TokenNotValid);
        }
        if known.current_hash == token.hash() {
            let next = token.successor(app)?;
            let state = token.state_after(&next, now)?;
            // Before the token is spent: what fails from here on must not cost the client its session.
            let pair = TokenPair::mint(app, minter, &next).await?;
            let expires_at = now.plus(idle).min(session.ends_at);
            match app.table().rotate_session(&session, &state, expires_at, now).await? {
                Rotated::Done => return Ok(pair),
                // Another request with the same token, or an earlier try of this very call.
                Rotated::Overtaken(Some(standing)) => session = *standing,
                Rotated::Overtaken(None) => return Err(ApiError::TokenNotValid),
            }
            continue;
        }
        return match &known.spent {
            Some(spent) if spent.hash == token.hash() && now < spent.rotated_at.plus(GRACE) => {
                TokenPair::mint(app, minter, &token.unseal(&spent.successor)?).await
            }
            // Two have had the same token, and one of them is not its owner.
            _ => {
                app.table().end_session(token.user_id, &token.session_id).await?;
                tracing::warn!(
                    user_id = token.user_id.get(),
                    "a spent refresh token ended a session"
                );
                Err(ApiError::TokenNotValid)
            }
        };
    }
    Err(ApiError::unavailable("too many refreshes of one session at once"))
}
