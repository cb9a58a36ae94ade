//! Other records that may be of the same patient.

use serde::Serialize;

use super::disclosure::Disclosure;
use super::id::PatientId;
use super::partial_date::PartialDate;
use super::patient::Patient;
use super::record::{Details, Record};
use super::text::Line;

/// A patient who may be the same person: what it takes to recognize them.
#[derive(Debug, Clone, Serialize)]
pub struct PossibleDuplicate {
    pub id: PatientId,
    pub first_name: Option<Line<100>>,
    pub last_name: Option<Line<100>>,
    pub date_of_birth: Option<PartialDate>,
}

/// The answer to the question who may be the same person.
#[derive(Debug, Clone, Serialize)]
pub struct PossibleDuplicates {
    pub possible_duplicates: Vec<PossibleDuplicate>,
}

/// A new record. The answer to a patient's creation names the possible duplicates; that to a doctor's does not.
#[derive(Debug, Clone, Serialize)]
#[serde(bound = "")]
pub struct Created<D: Details> {
    #[serde(flatten)]
    pub record: Record<D>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible_duplicates: Option<Vec<PossibleDuplicate>>,
}

impl PossibleDuplicate {
    pub fn of(patient: Patient) -> Self {
        let Record { id, details, .. } = patient;
        Self {
            id,
            first_name: details.first_name,
            last_name: details.last_name,
            date_of_birth: details.date_of_birth,
        }
    }
}

impl Disclosure for PossibleDuplicates {
    fn patients(&self) -> Vec<PatientId> {
        self.possible_duplicates.iter().map(|duplicate| duplicate.id).collect()
    }
}

impl<D: Details> Disclosure for Created<D> {
    fn patients(&self) -> Vec<PatientId> {
        let duplicates = self.possible_duplicates.iter().flatten().map(|duplicate| duplicate.id);
        self.record.patients().into_iter().chain(duplicates).collect()
    }
}
