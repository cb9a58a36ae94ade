//! Looking a patient up by last name and date of birth. The answer has nothing but ids.

use deserr::Deserr;
use serde::Serialize;

use super::disclosure::Disclosure;
use super::field::FieldErrors;
use super::id::PatientId;
use super::partial_date::PartialDate;
use super::text::Line;

/// The body of a request that looks patients up.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct PatientLookup {
    /// In any spelling with the same search key.
    pub last_name: Line<100>,
    /// As far as the record knows it.
    pub date_of_birth: PartialDate,
}

/// The ids of the patients who were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatientIds {
    pub ids: Vec<PatientId>,
}

impl Disclosure for PatientIds {
    fn patients(&self) -> Vec<PatientId> {
        self.ids.clone()
    }
}
