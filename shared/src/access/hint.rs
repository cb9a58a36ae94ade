//! The hint in an access token: the account's role and links when the token was signed.

use serde::{Deserialize, Serialize};

use crate::model::id::{DoctorId, PatientId};
use crate::model::user::{Role, User};

/// Chooses which reads may start before the account has been read. It never decides: the account that is read does. A
/// token without a hint is valid; its requests take one round more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Kept as text, so that a token of another version of this program stays valid.
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_id: Option<DoctorId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_id: Option<PatientId>,
}

impl Hint {
    pub fn of(user: &User) -> Self {
        Self {
            role: user.role.name().to_owned(),
            doctor_id: user.doctor_id,
            patient_id: user.patient_id,
        }
    }

    /// Returns the role; `None` if this version knows no such role.
    pub fn role(&self) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == self.role)
    }
}
