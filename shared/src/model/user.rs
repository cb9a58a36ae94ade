//! Accounts and their roles.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::field::FieldErrors;
use super::id::UserId;
use super::timestamp::Timestamp;
use super::username::Username;
use super::version::Version;

/// What an account may do; `auth::permission` says which role may do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "lowercase")]
#[deserr(error = FieldErrors, rename_all = lowercase)]
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

impl User {
    /// An account as it begins: active, and as yet unchanged.
    pub fn new(id: UserId, username: Username, email: Email, role: Role, now: Timestamp) -> Self {
        Self {
            id,
            username,
            email,
            role,
            active: true,
            epoch: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether the account counts among those that can administer all others.
    pub fn is_active_admin(&self) -> bool {
        self.active && self.role == Role::Admin
    }
}

/// What an administrator may change of an account; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct UserChange {
    #[deserr(default)]
    pub role: Option<Role>,
    #[deserr(default)]
    pub active: Option<bool>,
}

/// An account as its owner and administrators see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    pub id: UserId,
    pub username: Username,
    pub email: Email,
    pub role: Role,
    pub active: bool,
    pub version: Version,
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
            version: user.version,
            created_at: user.created_at,
        }
    }
}
