//! Sessions opened by a login and carried on by refresh tokens.

use std::time::Duration;

use serde::Serialize;

use super::minter::Minter;
use super::refresh_token::RefreshToken;
use crate::config::{ConfigError, span};
use crate::error::ApiError;
use crate::model::id::Id;
use crate::model::session::{Session, SessionId, SessionLimits, UserAgent};
use crate::model::user::User;
use crate::store::{Rotated, Store};
use crate::system::System;

const MINUTE: Duration = Duration::from_secs(60);

/// How long the previous refresh token is exchanged for the same successor again: for the second of two tabs, or after
/// a lost reply.
const GRACE: Duration = Duration::from_secs(10);

/// How often to look at a session again that another request refreshes at the same time.
const ATTEMPTS: u32 = 3;

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

/// The tokens of a session (RFC 6749, 5.1, with the names of Simple JWT).
#[derive(Serialize)]
pub struct TokenPair {
    access: String,
    refresh: String,
    token_type: &'static str,
    /// The lifetime of `access`, in seconds.
    expires_in: u64,
}

crate::discloses_no_patient!(TokenPair);

impl TokenPair {
    async fn mint(
        store: &Store,
        system: &System,
        minter: &Minter,
        user: &User,
        refresh: &RefreshToken,
    ) -> Result<Self, ApiError> {
        let access = minter.mint(store, system, user, refresh.session_id.clone()).await?;
        Ok(Self {
            access: access.expose().to_owned(),
            refresh: refresh.expose(),
            token_type: "Bearer",
            expires_in: access.expires_in.as_secs(),
        })
    }
}

/// Opens a session. Calls: PutItem; those of the minter now and then.
pub async fn open(
    store: &Store,
    system: &System,
    minter: &Minter,
    limits: &SessionLimits,
    user: &User,
    user_agent: Option<UserAgent>,
) -> Result<TokenPair, ApiError> {
    let id: SessionId = system.random_text::<16>()?.parse().map_err(ApiError::internal)?;
    let token = RefreshToken::first(system, user.id, id.clone())?;
    let pair = TokenPair::mint(store, system, minter, user, &token).await?;
    let session = Session::open(user, id, token.state(), user_agent, limits, system.now());
    store.sessions().open(&session).await?;
    Ok(pair)
}

/// Exchanges a refresh token for the next pair. If the token was exchanged before, other than a moment ago, the
/// session ends. Calls: BatchGetItem, UpdateItem; DeleteItem when the session ends.
pub async fn refresh(
    store: &Store,
    system: &System,
    minter: &Minter,
    idle: Duration,
    presented: &str,
) -> Result<TokenPair, ApiError> {
    let token = RefreshToken::parse(presented).ok_or(ApiError::TokenNotValid)?;
    let found = store.accounts().with_session(token.user_id, &token.session_id).await?;
    let (user, mut session) = found.ok_or(ApiError::TokenNotValid)?;
    for _ in 0..ATTEMPTS {
        let now = system.now();
        let known = &session.refresh;
        // With another family than the session's, the sender knows no more than the session's id.
        if !session.is_valid_for(&user, now) || known.family_hash != token.family_hash() {
            return Err(ApiError::TokenNotValid);
        }
        if known.current_hash == token.hash() {
            let next = token.successor(system)?;
            let state = token.state_after(&next, now)?;
            // Before the exchange: a later failure must not cost the client its session.
            let pair = TokenPair::mint(store, system, minter, &user, &next).await?;
            let expires_at = now.plus(idle).min(session.ends_at);
            match store.sessions().rotate(&session, &state, expires_at, now).await? {
                Rotated::Done => return Ok(pair),
                // Another request with the same token, or an earlier try of this very call.
                Rotated::Overtaken(Some(current)) => session = *current,
                Rotated::Overtaken(None) => return Err(ApiError::TokenNotValid),
            }
            continue;
        }
        return match &known.spent {
            Some(spent) if spent.hash == token.hash() && now < spent.rotated_at.plus(GRACE) => {
                let next = token.unseal(&spent.successor)?;
                TokenPair::mint(store, system, minter, &user, &next).await
            }
            // Two clients have had the same token, and one of them is not its owner.
            _ => {
                store.sessions().end(token.user_id, &token.session_id).await?;
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
