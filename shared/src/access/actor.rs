//! The account that a decision is about.

use super::hint::Hint;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::user::{Role, User};

/// The account, as the decision sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub id: UserId,
    pub role: Role,
    pub doctor_id: Option<DoctorId>,
    pub patient_id: Option<PatientId>,
}

impl Actor {
    pub fn of(user: &User) -> Self {
        Self {
            id: user.id,
            role: user.role,
            doctor_id: user.doctor_id,
            patient_id: user.patient_id,
        }
    }

    /// The actor that a token hints at; `None` if this version does not know its role.
    pub fn hinted(id: UserId, hint: &Hint) -> Option<Self> {
        let Hint { doctor_id, patient_id, .. } = *hint;
        Some(Self { id, role: hint.role()?, doctor_id, patient_id })
    }
}
