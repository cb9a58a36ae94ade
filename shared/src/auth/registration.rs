//! Who may register, and the role of a new account.

use std::str::FromStr;

use crate::config::{ConfigError, optional, parsed};
use crate::error::ApiError;
use crate::model::user::Role;

/// The operator's rule for registrations.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationPolicy {
    /// `REGISTRATION_ROLE`: `pending` or `staff`; `None` for `closed`. A `pending` account has no access to records.
    pub role: Option<Role>,
    /// `BOOTSTRAP_ADMIN=true`, only for local use: the first account becomes `admin`.
    pub first_is_admin: bool,
}

impl RegistrationPolicy {
    pub fn from_env() -> Result<Self, ConfigError> {
        let RegistrationRole(role) = parsed("REGISTRATION_ROLE")?;
        let first_is_admin = optional("BOOTSTRAP_ADMIN").is_some_and(|value| value == "true");
        Ok(Self { role, first_is_admin })
    }

    /// Returns the role of a new account, unless registration is closed.
    pub fn open_role(&self) -> Result<Role, ApiError> {
        self.role.ok_or(ApiError::RegistrationClosed)
    }
}

struct RegistrationRole(Option<Role>);

impl FromStr for RegistrationRole {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pending" => Ok(Self(Some(Role::Pending))),
            "staff" => Ok(Self(Some(Role::Staff))),
            "closed" => Ok(Self(None)),
            _ => Err("must be pending, staff or closed"),
        }
    }
}
