//! The hint in an access token: the account's role when the token was signed.

use serde::{Deserialize, Serialize};

use crate::model::user::{Role, User};

/// Chooses which reads may start before the account has been read. It never decides: the role of the account that is
/// read does. A token without a hint is valid; its requests take one round more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Kept as text, so that a token of another version of this program stays valid.
    role: String,
}

impl Hint {
    pub fn of(user: &User) -> Self {
        Self { role: user.role.name().to_owned() }
    }

    /// Returns the role; `None` if this version knows no such role.
    pub fn role(&self) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == self.role)
    }
}
