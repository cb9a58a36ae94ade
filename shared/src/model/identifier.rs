//! Identifiers that other systems gave to a record.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::field::FieldErrors;
use super::text::Line;

/// An identifier that another system gave: a medical record number, a national id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct RecordIdentifier {
    pub system: Line<100>,
    pub value: Line<100>,
}

impl RecordIdentifier {
    /// The largest number of them in a record.
    pub const MAX: usize = 10;

    /// Returns system and value in the form in which they are compared.
    pub fn unique_form(&self) -> (String, String) {
        (self.system.unique_form(), self.value.unique_form())
    }

    /// Checks the identifiers of one record: there are not too many, and each system gave one.
    pub fn check(field: &str, identifiers: &[Self], errors: &mut FieldErrors) {
        if identifiers.len() > Self::MAX {
            errors.add(field, format!("must have at most {} items", Self::MAX));
            return;
        }
        let systems: Vec<String> = identifiers.iter().map(|it| it.system.unique_form()).collect();
        for (at, system) in systems.iter().enumerate() {
            if let Some(first) = systems.iter().take(at).position(|earlier| earlier == system) {
                let message =
                    format!("item {}: system must differ from that of item {}", at + 1, first + 1);
                errors.add(field, message);
            }
        }
    }
}
