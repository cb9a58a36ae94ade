//! The assignment of a doctor to a patient.

use serde::Serialize;

use super::disclosure::Disclosure;
use super::id::{DoctorId, PatientId, UserId};
use super::timestamp::Timestamp;

/// A stored assignment: the doctor, the patient, the time, and the account that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub doctor_id: DoctorId,
    pub patient_id: PatientId,
    pub assigned_at: Timestamp,
    pub assigned_by: UserId,
}

/// An assignment as clients see it, with the current names of the doctor and the patient.
#[derive(Debug, Clone, Serialize)]
pub struct AssignmentView {
    pub doctor_id: DoctorId,
    pub doctor_name: String,
    pub patient_id: PatientId,
    pub patient_name: String,
    pub assigned_at: Timestamp,
    pub assigned_by: UserId,
}

impl Assignment {
    /// Returns the assignment with the names of the doctor and the patient.
    pub fn named(self, doctor_name: String, patient_name: String) -> AssignmentView {
        AssignmentView {
            doctor_id: self.doctor_id,
            doctor_name,
            patient_id: self.patient_id,
            patient_name,
            assigned_at: self.assigned_at,
            assigned_by: self.assigned_by,
        }
    }
}

impl Disclosure for AssignmentView {
    fn patients(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// A doctor in a patient's list, or a patient in a doctor's list, with the time of the assignment.
#[derive(Debug, Clone, Serialize)]
pub struct WithAssignment<T> {
    #[serde(flatten)]
    pub record: T,
    pub assigned_at: Timestamp,
}

impl<T: Disclosure> Disclosure for WithAssignment<T> {
    fn patients(&self) -> Vec<PatientId> {
        self.record.patients()
    }
}
