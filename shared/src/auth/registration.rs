//! The role of a new account.

use std::str::FromStr;

use crate::config::{ConfigError, optional, parsed};
use crate::model::user::Role;

/// The operator's rule for registrations.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationPolicy {
    /// `REGISTRATION_ROLE`: `pending` or `staff`. A `pending` account has no access to records.
    pub role: Role,
    /// `BOOTSTRAP_ADMIN=true`, only for local use: the first account becomes `admin`.
    pub first_is_admin: bool,
}

impl RegistrationPolicy {
    pub fn from_env() -> Result<Self, ConfigError> {
        let RegistrationRole(role) = parsed("REGISTRATION_ROLE")?;
        let first_is_admin = optional("BOOTSTRAP_ADMIN").is_some_and(|value| value == "true");
        Ok(Self { role, first_is_admin })
    }
}

struct RegistrationRole(Role);

impl FromStr for RegistrationRole {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pending" => Ok(Self(Role::Pending)),
            "staff" => Ok(Self(Role::Staff)),
            _ => Err("must be pending or staff"),
        }
    }
}
