//! Accounts and their roles.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::field::FieldErrors;
use super::id::UserId;
use super::timestamp::Timestamp;
use super::username::Username;
use super::version::Version;
use crate::discloses_no_patient;

/// The role of an account; `access::decide` says which role may do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "lowercase")]
#[deserr(error = FieldErrors, rename_all = lowercase)]
pub enum Role {
    Admin,
    Staff,
    Pending,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Admin, Self::Staff, Self::Pending];

    /// Returns the name that clients see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Staff => "staff",
            Self::Pending => "pending",
        }
    }
}

/// A stored account, without its password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    pub email: Email,
    pub role: Role,
    pub active: bool,
    /// Whether the account's owner has proved to read mail to the address. Accounts of earlier versions and those
    /// imported from another system have not, until a reset.
    #[serde(default)]
    pub email_verified: bool,
    /// The number of times that all sessions were ended. A session of an earlier epoch is invalid.
    pub epoch: u64,
    pub version: Version,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Whether an import or a smoke test made the account, and not its owner's registration. Only imported accounts have
    /// the attribute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
}

impl User {
    /// Returns a new account: active, unchanged, its address not verified.
    pub fn new(id: UserId, username: Username, email: Email, role: Role, now: Timestamp) -> Self {
        Self {
            id,
            username,
            email,
            role,
            active: true,
            email_verified: false,
            epoch: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            imported: false,
        }
    }

    /// Returns whether the account is active and an administrator.
    pub fn is_active_admin(&self) -> bool {
        self.active && self.role == Role::Admin
    }
}

/// The change that an administrator asks for; `None` leaves a field unchanged.
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
    /// Absent from accounts of earlier versions in the index.
    #[serde(default)]
    pub email_verified: bool,
    pub role: Role,
    pub active: bool,
    pub version: Version,
    pub created_at: Timestamp,
}

discloses_no_patient!(Account);

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email,
            email_verified: user.email_verified,
            role: user.role,
            active: user.active,
            version: user.version,
            created_at: user.created_at,
        }
    }
}
