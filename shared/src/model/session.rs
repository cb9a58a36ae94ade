//! Sessions: what a login opens and every access token belongs to.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::field::unseen;
use super::id::UserId;
use super::timestamp::Timestamp;
use super::user::User;
use crate::discloses_no_patient;

/// 128 random bits in base64url: the `sid` claim.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionId(String);

impl TryFrom<String> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(text: String) -> Result<Self, InvalidSessionId> {
        text.parse()
    }
}

/// More characters than a session's id has.
const MAX_ID_CHARS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the id of a session")]
pub struct InvalidSessionId;

impl SessionId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    /// Bounded and of base64url's letters alone, so that it fits into a key and cannot pass for another.
    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if (1..=MAX_ID_CHARS).contains(&text.len()) && text.chars().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSessionId)
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long sessions last. NIST SP 800-63B-4 allows, at AAL2, an hour unused and 24 hours in all.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// Without a refresh.
    pub idle: Duration,
    /// However much it is used.
    pub lifetime: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// The account's epoch at login.
    pub epoch: u64,
    pub created_at: Timestamp,
    /// When it was opened or last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed before; never after `ends_at`.
    pub expires_at: Timestamp,
    /// When it ends, whatever happens.
    pub ends_at: Timestamp,
    pub user_agent: Option<UserAgent>,
    pub refresh: RefreshState,
}

/// Which refresh tokens a session knows. All hashes are SHA-256 in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshState {
    /// Of what all refresh tokens of the session have in common.
    pub family_hash: String,
    /// Of the one that is good now.
    pub current_hash: String,
    /// What the last rotation replaced.
    pub spent: Option<Spent>,
}

/// The refresh token before the current one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    pub hash: String,
    pub rotated_at: Timestamp,
    /// The current one's secret, sealed so that only the bearer of the spent one can read it.
    pub successor: String,
}

/// What a client says it is, for its owner to recognise a session by.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserAgent(String);

unseen!(UserAgent);

const MAX_USER_AGENT_CHARS: usize = 200;

impl UserAgent {
    /// The beginning of a `User-Agent` header; `None` if that says nothing.
    pub fn new(header: &str) -> Option<Self> {
        let text: String =
            header.trim().chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT_CHARS).collect();
        (!text.is_empty()).then_some(Self(text))
    }
}

impl Session {
    /// A new session of `user`.
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
        }
    }

    /// Whether `user` may act by this session at the moment `now`.
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
    /// Whether it is the one that asks.
    pub current: bool,
}

discloses_no_patient!(SessionView);

impl SessionView {
    /// `session` as seen from the session `asking`.
    pub fn new(session: Session, asking: &SessionId) -> Self {
        Self {
            current: session.id == *asking,
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
    fn an_id_is_short_and_of_base64url() {
        assert!("k3vXh0mAqJ1c5rB2nT9yLw".parse::<SessionId>().is_ok());
        for text in ["", "a#b", "a.b", "é", &"a".repeat(65)] {
            assert_eq!(text.parse::<SessionId>(), Err(InvalidSessionId), "{text:?}");
        }
    }

    #[test]
    fn a_user_agent_is_cut_and_cleaned() {
        assert_eq!(UserAgent::new(" \t"), None);
        let agent = UserAgent::new(&format!("curl\u{1b}{}", "x".repeat(300))).unwrap();
        assert_eq!(agent.0.chars().count(), MAX_USER_AGENT_CHARS);
        assert!(agent.0.starts_with("curlx"));
    }
}
