//! The relation of a doctor and a patient.

use serde::{Deserialize, Serialize};

use super::id::{DoctorId, PatientId, UserId};
use super::timestamp::Timestamp;

/// An assignment as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub doctor_id: DoctorId,
    pub patient_id: PatientId,
    pub assigned_at: Timestamp,
    pub assigned_by: UserId,
}

/// An assignment as clients see it: with the names that both sides bear now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mapping {
    pub doctor_id: DoctorId,
    pub doctor_name: String,
    pub patient_id: PatientId,
    pub patient_name: String,
    pub assigned_at: Timestamp,
    pub assigned_by: UserId,
}

/// One side of a mapping in the list of the other side: the doctor or patient, and since when.
#[derive(Debug, Clone, Serialize)]
pub struct Assigned<T> {
    #[serde(flatten)]
    pub to: T,
    pub assigned_at: Timestamp,
}
