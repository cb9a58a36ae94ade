//! Sessions opened by a login and carried on by refresh tokens.

use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;

use super::minter::Minter;
use super::refresh_token::{RefreshToken, Standing};
use crate::config::{ConfigError, span};
use crate::error::ApiError;
use crate::model::id::Id;
use crate::model::session::{Session, SessionId, SessionLimits, Spent, UserAgent};
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::store::{Exchanged, Store};
use crate::system::System;

const MINUTE: Duration = Duration::from_secs(60);

/// How long a spent refresh token is exchanged for the same successor again without a note of it: for the second of two
/// tabs, or after a lost answer.
const GRACE: Duration = Duration::from_secs(10);

/// How often a spent refresh token may be exchanged again after that: once in this time and session. A phone that lost
/// an answer needs it rarely; two clients that share a token need it again and again.
const REPEAT_AFTER: Duration = Duration::from_hours(1);

/// The most sessions of an account. A login ends the oldest ones beyond that; logins at the same moment may exceed it
/// until the next login.
const MOST_SESSIONS: usize = 50;

/// The most sessions that one login ends: its transaction has 100 actions at most.
const MOST_ENDED: usize = 90;

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

/// A session that a login has opened.
pub struct Opened {
    pub tokens: TokenPair,
    /// The number of open sessions of the account that ended, because it had too many.
    pub ended_sessions: usize,
}

/// Opens a session of an account whose password was verified by this hash. `Contended` if account or password changed
/// meanwhile. Calls: Query, TransactWriteItems; those of the minter now and then.
pub async fn open(
    store: &Store,
    system: &System,
    minter: &Minter,
    limits: &SessionLimits,
    user: &User,
    verified_hash: &SecretString,
    user_agent: Option<UserAgent>,
) -> Result<Opened, ApiError> {
    let id: SessionId = system.random_text::<16>()?.parse().map_err(ApiError::internal)?;
    let token = RefreshToken::first(system, user.id, id.clone())?;
    let sessions = store.sessions();
    let (stored, tokens) = tokio::join!(
        sessions.of_account(user.id),
        TokenPair::mint(store, system, minter, user, &token),
    );
    let (tokens, now) = (tokens?, system.now());
    let (surplus, ended_sessions) = surplus(stored?, user, now);
    let session = Session::open(user, id, token.state(), user_agent, limits, now);
    sessions.open(&session, verified_hash, &surplus).await?;
    if ended_sessions > 0 {
        let user_id = user.id.get();
        tracing::warn!(user_id, ended_sessions, "a login ended the oldest sessions of its account");
    }
    Ok(Opened { tokens, ended_sessions })
}

/// Returns the sessions that must leave the table before another one is opened, those that are over first, then the
/// oldest, and how many of them are open.
fn surplus(mut stored: Vec<Session>, user: &User, now: Timestamp) -> (Vec<SessionId>, usize) {
    let excess = stored.len().saturating_sub(MOST_SESSIONS - 1).min(MOST_ENDED);
    stored.sort_by_key(|session| (session.is_valid_for(user, now), session.created_at));
    stored.truncate(excess);
    let open = stored.iter().filter(|session| session.is_valid_for(user, now)).count();
    (stored.into_iter().map(|session| session.id).collect(), open)
}

/// Exchanges a refresh token for the next pair. The token before the current one gets the current one again, until that
/// is exchanged. Any other token of the session, or the one before too often, ends the session. Calls: BatchGetItem;
/// UpdateItem, except for the token before in its first seconds; DeleteItem when the session ends.
pub async fn refresh(
    store: &Store,
    system: &System,
    minter: &Minter,
    idle: Duration,
    presented: &str,
) -> Result<TokenPair, ApiError> {
    let token = RefreshToken::parse(presented).ok_or(ApiError::TokenNotValid)?;
    let sessions = store.sessions();
    let found = store.accounts().with_session(token.user_id, &token.session_id).await?;
    let (user, mut session) = found.ok_or(ApiError::TokenNotValid)?;
    for _ in 0..ATTEMPTS {
        let now = system.now();
        if !session.is_valid_for(&user, now) {
            return Err(ApiError::TokenNotValid);
        }
        let (next, write) = match token.standing(&session.refresh) {
            Standing::Foreign => return Err(ApiError::TokenNotValid),
            Standing::Current => (token.successor(system)?, Write::Exchange),
            Standing::Parent(spent) => match repeat(&session, spent, now) {
                Some(write) => (token.unseal(&spent.successor)?, write),
                None => return Err(stolen(store, &token).await),
            },
            Standing::Other => return Err(stolen(store, &token).await),
        };
        // Before the write: a later failure must not cost the client its session.
        let pair = TokenPair::mint(store, system, minter, &user, &next).await?;
        let exchanged = match write {
            Write::Nothing => return Ok(pair),
            Write::Repeat => sessions.note_repeat(&session, now).await?,
            Write::Exchange => {
                let state = token.state_after(&next, now)?;
                let expires_at = now.plus(idle).min(session.ends_at);
                sessions.rotate(&session, &state, expires_at, now).await?
            }
        };
        match exchanged {
            Exchanged::Done => return Ok(pair),
            // Another request with a token of this session, or an earlier try of this very call.
            Exchanged::Overtaken(Some(current)) => session = *current,
            Exchanged::Overtaken(None) => return Err(ApiError::TokenNotValid),
        }
    }
    Err(ApiError::unavailable("too many refreshes of one session at once"))
}

/// The change that a refresh writes.
enum Write {
    /// The next token in place of the current one.
    Exchange,
    /// That the token before was exchanged again.
    Repeat,
    Nothing,
}

/// Returns what to write before the token before the current one is exchanged again; `None` if it is exchanged too
/// often. A moment after a noted repeat, nothing is written: its answer may be lost, too.
fn repeat(session: &Session, spent: &Spent, now: Timestamp) -> Option<Write> {
    let is_recent = |then: Timestamp| now < then.plus(GRACE);
    match session.repeated_at {
        _ if is_recent(spent.rotated_at) => Some(Write::Nothing),
        Some(noted) if is_recent(noted) => Some(Write::Nothing),
        Some(noted) if now < noted.plus(REPEAT_AFTER) => None,
        _ => Some(Write::Repeat),
    }
}

/// Ends the session of a token that two clients have had, one of whom is not its owner. Returns the refusal.
async fn stolen(store: &Store, token: &RefreshToken) -> ApiError {
    if let Err(error) = store.sessions().end(token.user_id, &token.session_id).await {
        return error.into();
    }
    tracing::warn!(user_id = token.user_id.get(), "a spent refresh token ended a session");
    ApiError::TokenNotValid
}

/// Ends the session of a refresh token, or all sessions of its account. The token must be the current one or the one
/// before; with any other, nothing happens, and the result is the same (RFC 7009, 2.2). Calls: BatchGetItem,
/// TransactWriteItems.
pub async fn log_out(
    store: &Store,
    now: Timestamp,
    presented: &str,
    everywhere: bool,
) -> Result<(), ApiError> {
    let Some(token) = RefreshToken::parse(presented) else { return Ok(()) };
    let found = store.accounts().with_session(token.user_id, &token.session_id).await?;
    let Some((user, session)) = found else { return Ok(()) };
    let standing = token.standing(&session.refresh);
    let is_owners = matches!(standing, Standing::Current | Standing::Parent(_));
    if !is_owners || !session.is_valid_for(&user, now) {
        return Ok(());
    }
    store.acts_for(user.id, &session.id);
    if everywhere {
        store.sessions().end_all(user.id, now).await?;
    } else {
        store.sessions().end(user.id, &session.id).await?;
    }
    Ok(())
}
