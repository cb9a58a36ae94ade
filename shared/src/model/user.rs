//! Accounts and their roles.

use serde::{Deserialize, Serialize};

use super::email::Email;
use super::id::UserId;
use super::timestamp::Timestamp;
use super::username::Username;
use super::version::Version;

/// What an account may do; `auth::permission` says which role may do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Admin,
    Staff,
    Pending,
}

/// An account as it is stored, its password apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    pub email: Email,
    pub role: Role,
    pub active: bool,
    /// Sessions of an earlier epoch have ended.
    pub epoch: u64,
    pub version: Version,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// An account as its owner sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    pub id: UserId,
    pub username: Username,
    pub email: Email,
    pub role: Role,
    pub active: bool,
    pub created_at: Timestamp,
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email,
            role: user.role,
            active: user.active,
            created_at: user.created_at,
        }
    }
}
