//! What doctors and patients have in common: an id, a version, times, and details of their own.

use deserr::Deserr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::date::Date;
use super::field::{self, FieldErrors, JsonObject};
use super::id::Id;
use super::timestamp::Timestamp;
use super::version::Version;

/// What a client may say of a doctor or a patient.
pub trait Details:
    Clone + Serialize + DeserializeOwned + Deserr<FieldErrors> + Send + Sync + 'static
{
    type Id: Id + DeserializeOwned;

    /// The one word for such a record, in lower case: `doctor`.
    const KIND: &'static str;
    /// The kind of record that mappings relate it to.
    const PARTNER: &'static str;

    /// The name under which lists sort it: last name, then first name, folded.
    fn sort_name(&self) -> [String; 2];

    /// The fields that no two records of the kind may share, each with its folded value; always the
    /// same fields in the same order.
    fn unique(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Rules that need to know what day it is.
    fn check(_body: &JsonObject, _today: Date, _errors: &mut FieldErrors) {}

    /// The details in a JSON object, or everything that is wrong with it.
    fn parse(body: JsonObject, today: Date) -> Result<Self, FieldErrors> {
        field::parse(body, |body, errors| Self::check(body, today, errors))
    }
}

/// A stored doctor or patient, in the shape in which clients see it.
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

/// What an update asks for.
#[derive(Debug, Clone)]
pub enum Edit<D> {
    /// PUT: these details in place of the old ones.
    Replace(D),
    /// PATCH: a JSON Merge Patch (RFC 7396).
    Merge(JsonObject),
}

impl<D: Details> Edit<D> {
    /// The details after the edit.
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
            // A null takes an optional field away; for a required one the parser reports it.
            merged.insert(field.clone(), value.clone());
        }
        D::parse(merged, today)
    }
}
