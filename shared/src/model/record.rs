//! The common shape of doctors and patients: an id, a version, times, and details.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::disclosure::Disclosure;
use super::draft::{Draft, Input};
use super::field::{FieldErrors, JsonObject};
use super::id::{Id, PatientId};
use super::identifier::RecordIdentifier;
use super::intake::Intake;
use super::search::SearchTerms;
use super::text::Line;
use super::timestamp::Timestamp;
use super::version::Version;

/// The fields of a doctor or a patient that clients set.
pub trait Details: Input + Clone + PartialEq + DeserializeOwned + Send + Sync + 'static {
    type Id: Id + DeserializeOwned;

    /// The kind of record, in lower case: `doctor`.
    const KIND: &'static str;
    /// The fields by which records of this kind are found.
    const SEARCH_FIELDS: &'static [&'static str];

    /// Returns the patient whose record has this id; `None` for a doctor.
    fn patient(id: Self::Id) -> Option<PatientId>;

    /// Returns the name by which lists are sorted: the search keys of last and first name. The only name of a person
    /// with one name is the first of them, and the other is empty.
    fn sort_name(&self) -> [String; 2];

    /// Returns what a record is found by.
    fn search_terms(&self) -> SearchTerms;

    /// Whether only related accounts have access.
    fn is_restricted(&self) -> bool {
        false
    }

    /// Returns the unique fields, each with the form in which it is compared: no two records of the kind may have the
    /// same value. The fields and their order are always the same.
    fn unique(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Returns the details in a JSON object, or all errors of the object.
    fn parse(body: JsonObject, intake: &Intake) -> Result<Self, FieldErrors> {
        Draft::new(body, intake).finish(intake)
    }
}

/// A person's name, of which one part may be missing.
type Name = Option<Line<100>>;

/// Returns the name by which lists are sorted.
pub(super) fn sort_name(first: &Name, last: &Name) -> [String; 2] {
    let mut keys = [last, first].into_iter().flatten().map(Line::search_key);
    [keys.next().unwrap_or_default(), keys.next().unwrap_or_default()]
}

/// Returns the search key of a name.
pub(super) fn full_name(first: &Name, last: &Name) -> String {
    let keys: Vec<String> = [first, last].into_iter().flatten().map(Line::search_key).collect();
    keys.join(" ")
}

/// Checks that a person has a name.
pub(super) fn check_name<D: Details>(draft: &Draft<'_, D>, errors: &mut FieldErrors) {
    const NAMES: [&str; 2] = ["first_name", "last_name"];
    if draft.changes(&NAMES) && NAMES.iter().all(|name| draft.value(name).is_none()) {
        for (name, other) in NAMES.iter().zip(NAMES.iter().rev()) {
            errors.add(name, format!("is required unless {other} is given"));
        }
    }
}

/// Checks the identifiers if the request changes them.
pub(super) fn check_identifiers<D: Details>(draft: &Draft<'_, D>, errors: &mut FieldErrors) {
    const FIELD: &str = "identifiers";
    let list = draft.value(FIELD).filter(|_| draft.changes(&[FIELD])).cloned();
    let identifiers: Option<Vec<RecordIdentifier>> =
        list.and_then(|list| serde_json::from_value(list).ok());
    if let Some(identifiers) = identifiers {
        RecordIdentifier::check(FIELD, &identifiers, errors);
    }
}

/// A doctor or a patient, as it is stored and as clients see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Record<D: Details> {
    pub id: D::Id,
    #[serde(flatten)]
    pub details: D,
    pub version: Version,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The change that an update asks for.
#[derive(Debug, Clone)]
pub enum Edit<D> {
    /// PUT: replaces all details.
    Replace(JsonObject, PhantomData<fn() -> D>),
    /// PATCH: a JSON Merge Patch (RFC 7396).
    Merge(JsonObject),
}

impl<D: Details> Disclosure for Record<D> {
    fn patients(&self) -> Vec<PatientId> {
        D::patient(self.id).into_iter().collect()
    }
}

impl<D: Details> Edit<D> {
    /// Replaces all details.
    pub fn replace(body: JsonObject) -> Self {
        Self::Replace(body, PhantomData)
    }

    /// Returns the names of the fields in the request.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let (Self::Replace(body, _) | Self::Merge(body)) = self;
        body.keys().map(String::as_str)
    }

    /// Returns the details after the edit.
    pub fn apply(&self, current: &D, intake: &Intake) -> Result<D, FieldErrors> {
        let draft = match self {
            Self::Replace(body, _) => Draft::replacing(current, body.clone(), intake),
            Self::Merge(patch) => Draft::merging(current, patch.clone(), intake),
        };
        draft.finish(intake)
    }
}
