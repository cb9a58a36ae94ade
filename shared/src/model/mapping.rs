//! The relation of a doctor and a patient.

use serde::Serialize;

use super::id::{DoctorId, PatientId, UserId};
use super::timestamp::Timestamp;

/// Who was assigned to whom, when, and by which account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub doctor_id: DoctorId,
    pub patient_id: PatientId,
    pub assigned_at: Timestamp,
    pub assigned_by: UserId,
}

/// An assignment as clients see it: with the names that both sides bear now.
#[derive(Debug, Clone, Serialize)]
pub struct Mapping {
    pub doctor_id: DoctorId,
    pub doctor_name: String,
    pub patient_id: PatientId,
    pub patient_name: String,
    pub assigned_at: Timestamp,
    pub assigned_by: UserId,
}

impl Assignment {
    pub fn named(self, doctor_name: String, patient_name: String) -> Mapping {
        Mapping {
            doctor_id: self.doctor_id,
            doctor_name,
            patient_id: self.patient_id,
            patient_name,
            assigned_at: self.assigned_at,
            assigned_by: self.assigned_by,
        }
    }
}

/// One side of a mapping in the list of the other side: the doctor or patient, and since when.
#[derive(Debug, Clone, Serialize)]
pub struct Assigned<T> {
    #[serde(flatten)]
    pub to: T,
    pub assigned_at: Timestamp,
}
