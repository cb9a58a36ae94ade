//! Sessions. A login opens a session, and every access token belongs to a session.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::field::unseen;
use super::id::UserId;
use super::text_id::text_id;
use super::timestamp::Timestamp;
use super::user::User;
use crate::discloses_no_patient;

text_id! {
    /// The id of a session and the value of the `sid` claim: 128 random bits in base64url.
    SessionId
}

/// The time limits of sessions. At AAL2, NIST SP 800-63B-4 allows one hour without use and 24 hours in total.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// The maximum time without a refresh.
    pub idle: Duration,
    /// The maximum time in total.
    pub lifetime: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// The account's epoch at login.
    pub epoch: u64,
    pub created_at: Timestamp,
    /// The time of the login or of the last refresh.
    pub last_used_at: Timestamp,
    /// The end of the session unless it is refreshed earlier; never after `ends_at`.
    pub expires_at: Timestamp,
    /// The end of the session, even if it is refreshed.
    pub ends_at: Timestamp,
    pub user_agent: Option<UserAgent>,
    pub refresh: RefreshState,
    /// When a spent refresh token was last exchanged again after its first seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated_at: Option<Timestamp>,
}

/// The refresh tokens of a session, stored as SHA-256 hashes in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshState {
    /// The hash of the part that all refresh tokens of the session share.
    pub family_hash: String,
    /// The hash of the current refresh token's secret.
    pub current_hash: String,
    /// The refresh token that the last rotation replaced.
    pub spent: Option<Spent>,
}

/// The refresh token before the current one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    pub hash: String,
    pub rotated_at: Timestamp,
    /// The secret of the current refresh token, encrypted so that only the bearer of the spent token can read it.
    pub successor: String,
}

/// The client's `User-Agent`, by which the owner of a session can recognise it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserAgent(String);

unseen!(UserAgent);

const MAX_USER_AGENT_CHARS: usize = 200;

impl UserAgent {
    /// Returns the beginning of a `User-Agent` header without control characters, or `None` if nothing is left.
    pub fn new(header: &str) -> Option<Self> {
        let text: String =
            header.trim().chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT_CHARS).collect();
        (!text.is_empty()).then_some(Self(text))
    }
}

impl Session {
    /// Returns a new session of `user`.
    pub fn open(
        user: &User,
        id: SessionId,
        refresh: RefreshState,
        user_agent: Option<UserAgent>,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Self {
        let ends_at = now.plus(limits.lifetime);
        Self {
            id,
            user_id: user.id,
            epoch: user.epoch,
            created_at: now,
            last_used_at: now,
            expires_at: now.plus(limits.idle).min(ends_at),
            ends_at,
            user_agent,
            refresh,
            repeated_at: None,
        }
    }

    /// Returns whether this session is valid for `user` at the moment `now`.
    pub fn is_valid_for(&self, user: &User, now: Timestamp) -> bool {
        user.active && self.user_id == user.id && self.epoch == user.epoch && now < self.expires_at
    }
}

/// A session as its owner sees it.
#[derive(Debug, Serialize)]
pub struct SessionView {
    pub id: SessionId,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    pub user_agent: Option<UserAgent>,
    /// Whether the request belongs to this session.
    pub current: bool,
}

discloses_no_patient!(SessionView);

impl SessionView {
    /// Returns the view of `session` for a request that belongs to the session `current`.
    pub fn new(session: Session, current: &SessionId) -> Self {
        Self {
            current: session.id == *current,
            id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            user_agent: session.user_agent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agent_is_truncated_without_control_characters() {
        assert_eq!(UserAgent::new(" \t"), None);
        let agent = UserAgent::new(&format!("curl\u{1b}{}", "x".repeat(300))).unwrap();
        assert_eq!(agent.0.chars().count(), MAX_USER_AGENT_CHARS);
        assert!(agent.0.starts_with("curlx"));
    }
}
