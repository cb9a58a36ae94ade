//! Sessions: what a login opens and every access token belongs to.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::UserId;
use super::timestamp::Timestamp;
use super::user::User;

/// How long a session lasts at the most (NIST 800-63B-4, AAL2).
const ABSOLUTE_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// 128 random bits in base64url: the `sid` claim.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// The account's epoch at login.
    pub epoch: u64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Session {
    /// A new session of `user`; `id` is 128 random bits in base64url.
    pub fn open(user: &User, id: String, now: Timestamp) -> Self {
        Self {
            id: SessionId(id),
            user_id: user.id,
            epoch: user.epoch,
            created_at: now,
            expires_at: now.plus(ABSOLUTE_LIFETIME),
        }
    }

    /// Whether `user` may act by this session at the moment `now`.
    pub fn is_valid_for(&self, user: &User, now: Timestamp) -> bool {
        user.active && self.user_id == user.id && self.epoch == user.epoch && now < self.expires_at
    }
}
