//! The common shape of doctors and patients: an id, a version, times, and details.

use deserr::Deserr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::date::Date;
use super::disclosure::Disclosure;
use super::field::{self, FieldErrors, JsonObject};
use super::id::{Id, PatientId};
use super::timestamp::Timestamp;
use super::version::Version;

/// The fields of a doctor or a patient that clients set.
pub trait Details:
    Clone + Serialize + DeserializeOwned + Deserr<FieldErrors> + Send + Sync + 'static
{
    type Id: Id + DeserializeOwned;

    /// The kind of record, in lower case: `doctor`.
    const KIND: &'static str;
    /// The kind of record on the other side of an assignment.
    const PARTNER: &'static str;

    /// Returns the patient whose record has this id; `None` for a doctor.
    fn patient(id: Self::Id) -> Option<PatientId>;

    /// Returns the name by which lists are sorted: last name, then first name, folded.
    fn sort_name(&self) -> [String; 2];

    /// Returns the unique fields, each with its folded value: no two records of the kind may have the same value.
    /// The fields and their order are always the same.
    fn unique(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Checks the rules that depend on today's date.
    fn check(_body: &JsonObject, _today: Date, _errors: &mut FieldErrors) {}

    /// Returns the details in a JSON object, or all errors of the object.
    fn parse(body: JsonObject, today: Date) -> Result<Self, FieldErrors> {
        field::parse(body, |body, errors| Self::check(body, today, errors))
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
    Replace(D),
    /// PATCH: a JSON Merge Patch (RFC 7396).
    Merge(JsonObject),
}

impl<D: Details> Disclosure for Record<D> {
    fn patients(&self) -> Vec<PatientId> {
        D::patient(self.id).into_iter().collect()
    }
}

impl<D: Details> Edit<D> {
    /// Returns the details after the edit.
    pub fn apply(&self, current: &D, today: Date) -> Result<D, FieldErrors> {
        let patch = match self {
            Self::Replace(details) => return Ok(details.clone()),
            Self::Merge(patch) => patch,
        };
        let mut merged = match serde_json::to_value(current) {
            Ok(Value::Object(object)) => object,
            _ => JsonObject::new(),
        };
        for (field, value) in patch {
            // A null removes an optional field; the parser reports it for a required one.
            merged.insert(field.clone(), value.clone());
        }
        D::parse(merged, today)
    }
}
