//! Patients.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::deceased::DeceasedAt;
use super::draft::{Draft, Input, details};
use super::field::FieldErrors;
use super::id::PatientId;
use super::identifier::RecordIdentifier;
use super::intake::Intake;
use super::partial_date::PartialDate;
use super::phone::{PhoneDisplay, PhoneNumber};
use super::record::{self, Details, Record};
use super::search::SearchTerms;
use super::text::{Line, Text};

/// The largest number of former names.
const MAX_FORMER_NAMES: usize = 5;

/// Nobody is older.
const MAX_AGE: i16 = 150;

/// A patient. Lists omit `medical_history`.
pub type Patient = Record<PatientDetails>;

details! {
    pub struct PatientDetails {
        #[serde(default)]
        optional first_name: Option<Line<100>>,
        #[serde(default)]
        optional last_name: Option<Line<100>>,
        #[serde(default)]
        defaulted former_names: Vec<Line<100>>,
        #[serde(default)]
        nullable date_of_birth: Option<PartialDate>,
        #[serde(default)]
        defaulted date_of_birth_estimated: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        optional deceased_at: Option<DeceasedAt>,
        required gender: Gender,
        #[serde(default)]
        nullable contact_number: Option<PhoneNumber>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered contact_number_display: Option<PhoneDisplay>,
        #[serde(default)]
        nullable address: Option<Text<500>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        optional medical_history: Option<Text<10_000>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        optional emergency_number: Option<PhoneNumber>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered emergency_number_display: Option<PhoneDisplay>,
        #[serde(default)]
        defaulted identifiers: Vec<RecordIdentifier>,
        #[serde(default)]
        defaulted restricted: bool,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
pub enum Gender {
    Male,
    Female,
    Other,
    Unknown,
}

impl Input for PatientDetails {
    const PHONES: &'static [&'static str] = &["contact_number", "emergency_number"];

    fn check(draft: &Draft<'_, Self>, intake: &Intake, errors: &mut FieldErrors) {
        record::check_name(draft, errors);
        record::check_identifiers(draft, errors);
        if draft.changes(&["former_names"]) {
            let names = draft.value("former_names").and_then(|names| names.as_array());
            check_former_names(names.map_or(0, Vec::len), errors);
        }
        check_life(draft, intake.today, errors);
    }
}

impl Details for PatientDetails {
    type Id = PatientId;
    const KIND: &'static str = "patient";
    const SEARCH_FIELDS: &'static [&'static str] = &["search", "birth_date", "phone", "identifier"];

    fn patient(id: PatientId) -> Option<PatientId> {
        Some(id)
    }

    fn sort_name(&self) -> [String; 2] {
        record::sort_name(&self.first_name, &self.last_name)
    }

    fn search_terms(&self) -> SearchTerms {
        let numbers = [&self.contact_number, &self.emergency_number];
        SearchTerms {
            name: record::full_name(&self.first_name, &self.last_name),
            former_names: self.former_names.iter().map(Line::search_key).collect(),
            birth_date: self.date_of_birth,
            phones: SearchTerms::phones_of(numbers.into_iter().flatten()),
            identifiers: self.identifiers.iter().map(RecordIdentifier::unique_form).collect(),
            specialization: None,
        }
    }

    fn is_restricted(&self) -> bool {
        self.restricted
    }
}

/// Checks the number of former names.
pub(super) fn check_former_names(count: usize, errors: &mut FieldErrors) {
    if count > MAX_FORMER_NAMES {
        errors.add("former_names", format!("must have at most {MAX_FORMER_NAMES} items"));
    }
}

/// Checks birth and death against today and against each other.
fn check_life(draft: &Draft<'_, PatientDetails>, today: Date, errors: &mut FieldErrors) {
    let born: Option<PartialDate> = draft.peek("date_of_birth");
    let died: Option<DeceasedAt> = draft.peek("deceased_at");
    if draft.changes(&["date_of_birth"]) && born.is_some_and(|born| born.first_day() > today) {
        errors.add("date_of_birth", "must not be in the future");
    }
    if draft.changes(&["deceased_at"]) && died.is_some_and(|died| died.first_day() > today) {
        errors.add("deceased_at", "must not be in the future");
    }
    let Some(born) = born.filter(|_| draft.changes(&["date_of_birth", "deceased_at"])) else {
        return;
    };
    if died.is_some_and(|died| died.last_day() < born.first_day()) {
        errors.add("deceased_at", "must not be before date_of_birth");
    }
    // A patient who died in an unknown month of a year may have died on its first day.
    let end = died.map_or(today, DeceasedAt::first_day).min(today);
    if born.last_day() < end.years_before(MAX_AGE) {
        let message =
            format!("must be at most {MAX_AGE} years before today, or before deceased_at");
        errors.add("date_of_birth", message);
    }
}

#[cfg(test)]
mod tests;
