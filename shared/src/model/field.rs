//! The errors of a body or a query, by field. All errors are reported at once, not only the first.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::str::FromStr;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The message about a field that a request does not have.
pub(crate) const UNKNOWN: &str = "is not a field of this request";

/// The messages of each invalid field, in the shape of a problem's `errors` member:
/// `{"field": ["message", …]}`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Returns errors with one message about one field.
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.entry(field.to_owned()).or_default().push(message.into());
    }

    /// Adds a message about a value, or about a key of the object there. Errors are grouped by the field of the body;
    /// the message names the item of a list and the item's own field: `item 2: system is required`.
    fn add_at(&mut self, location: ValuePointerRef, key: Option<&str>, message: impl Into<String>) {
        let (mut field, mut text) = (None, String::new());
        describe(location, &mut field, &mut text);
        if let Some(key) = key {
            describe_key(key, &mut field, &mut text);
        }
        text.push_str(&message.into());
        self.add(field.as_deref().unwrap_or_default(), text);
    }

    /// Returns each invalid field with its messages.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(field, messages)| (field.as_str(), messages.as_slice()))
    }

    pub fn extend(&mut self, other: Self) {
        for (field, messages) in other.0 {
            self.0.entry(field).or_default().extend(messages);
        }
    }

    /// Returns `value` if there are no errors, and the errors otherwise.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl DeserializeError for FieldErrors {
    fn error<V: IntoValue>(
        errors: Option<Self>,
        error: ErrorKind<V>,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let mut errors = errors.unwrap_or_default();
        match error {
            ErrorKind::MissingField { field } => {
                errors.add_at(location, Some(field), "is required");
            }
            ErrorKind::UnknownKey { key, .. } => errors.add_at(location, Some(key), UNKNOWN),
            ErrorKind::UnknownValue { accepted, .. } => {
                errors.add_at(location, None, format!("must be one of {}", accepted.join(", ")));
            }
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                errors.add_at(location, None, wrong_kind(actual.kind(), accepted));
            }
            ErrorKind::BadSequenceLen { expected, .. } => {
                errors.add_at(location, None, format!("must hold {expected} values"));
            }
            ErrorKind::Unexpected { msg } => errors.add_at(location, None, msg),
        }
        ControlFlow::Continue(errors)
    }
}

impl MergeWithError<FieldErrors> for FieldErrors {
    fn merge(
        errors: Option<Self>,
        other: FieldErrors,
        _location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let mut errors = errors.unwrap_or_default();
        errors.extend(other);
        ControlFlow::Continue(errors)
    }
}

/// Finds the field of the body at the beginning of a location, and writes the rest of the location.
fn describe(location: ValuePointerRef, field: &mut Option<String>, rest: &mut String) {
    match location {
        ValuePointerRef::Origin => {}
        ValuePointerRef::Key { key, prev } => {
            describe(*prev, field, rest);
            describe_key(key, field, rest);
        }
        ValuePointerRef::Index { index, prev } => {
            describe(*prev, field, rest);
            rest.push_str(&format!("item {}: ", index + 1));
        }
    }
}

fn describe_key(key: &str, field: &mut Option<String>, rest: &mut String) {
    if field.is_none() {
        *field = Some(key.to_owned());
    } else {
        rest.push_str(key);
        rest.push(' ');
    }
}

fn wrong_kind(actual: ValueKind, accepted: &[ValueKind]) -> String {
    if actual == ValueKind::Null {
        return "must not be null".to_owned();
    }
    let mut names: Vec<&str> = accepted.iter().copied().map(name).collect();
    names.dedup();
    format!("must be {}", names.join(" or "))
}

fn name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false",
        ValueKind::Integer | ValueKind::NegativeInteger => "an integer",
        ValueKind::Float => "a number",
        ValueKind::String => "a string",
        ValueKind::Sequence => "an array",
        ValueKind::Map => "an object",
    }
}

/// A JSON object as the client sent it.
pub type JsonObject = Map<String, Value>;

/// Parses a JSON object. `check` receives the unparsed object, for rules that the type of a single field cannot
/// express; its errors are reported together with the parser's.
pub fn parse<T: Deserr<FieldErrors>>(
    body: JsonObject,
    check: impl FnOnce(&JsonObject, &mut FieldErrors),
) -> Result<T, FieldErrors> {
    let mut errors = FieldErrors::default();
    check(&body, &mut errors);
    match deserr::deserialize::<T, _, FieldErrors>(Value::Object(body)) {
        Ok(value) => errors.or(value),
        Err(mut all) => {
            all.extend(errors);
            Err(all)
        }
    }
}

/// Parses the value of one field.
pub(crate) fn parse_value<T: Deserr<FieldErrors>>(
    field: &str,
    value: Value,
) -> Result<T, FieldErrors> {
    let body = ValuePointerRef::Origin;
    T::deserialize_from_value(value.into_value(), body.push_key(field))
}

/// Whether a value is a string without visible text. In an optional field, it is the same as null.
pub(crate) fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Returns a string field of a body, if it exists and parses as `T`.
pub fn peek<T: FromStr>(body: &JsonObject, field: &str) -> Option<T> {
    body.get(field)?.as_str()?.parse().ok()
}

/// Implements `Deserr` for a JSON string by the type's `FromStr`. The error of `FromStr` becomes the field's message.
macro_rules! field_from_str {
    ($type:ty $(, $($generics:tt)*)?) => {
        impl$(<$($generics)*>)? deserr::Deserr<$crate::model::field::FieldErrors> for $type {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef,
            ) -> Result<Self, $crate::model::field::FieldErrors> {
                let text = <String as deserr::Deserr<_>>::deserialize_from_value(value, location)?;
                text.parse().map_err(|error| $crate::model::field::invalid(error, location))
            }
        }
    };
}
pub(crate) use field_from_str;

/// Implements a `Debug` that prints only the type's name: the value is personal data, and `Debug` output reaches the
/// logs.
macro_rules! unseen {
    ($type:ty $(, $($generics:tt)*)?) => {
        impl$(<$($generics)*>)? std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    };
}
pub(crate) use unseen;

/// Returns a number that is whole and not negative. In JSON (RFC 8259, 6) and in JSON Schema, 7 and 7.0 are the same
/// number; therefore both are accepted.
pub(crate) fn whole_number<V: IntoValue>(value: &deserr::Value<V>) -> Option<u64> {
    /// 2^53. A float represents every smaller whole number exactly.
    const MAX: f64 = 9_007_199_254_740_992.0;
    match *value {
        deserr::Value::Integer(number) => Some(number),
        deserr::Value::Float(number) if number.fract() == 0.0 && (0.0..MAX).contains(&number) => {
            Some(number as u64)
        }
        _ => None,
    }
}

/// Returns the error of a value that has the right JSON type but is invalid.
pub(crate) fn invalid(message: impl ToString, location: ValuePointerRef) -> FieldErrors {
    let mut errors = FieldErrors::default();
    errors.add_at(location, None, message.to_string());
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::identifier::RecordIdentifier;
    use crate::model::text::Line;

    #[test]
    fn errors_name_the_item_and_its_field() {
        let list = json!([
            {"system": "MRN", "value": "7"},
            {"value": " "},
            {"colour": "red", "system": 7, "value": "7"},
            "MRN|7",
        ]);
        let errors = parse_value::<Vec<RecordIdentifier>>("identifiers", list).unwrap_err();
        assert_eq!(
            json!(errors),
            json!({"identifiers": [
                "item 2: value must not be empty", "item 2: system is required",
                "item 3: colour is not a field of this request", "item 3: system must be a string",
                "item 4: must be an object",
            ]})
        );
        let errors =
            parse_value::<Vec<Line<3>>>("names", json!(["Ann", "Anna", null])).unwrap_err();
        assert_eq!(
            json!(errors),
            json!({"names": ["item 2: must have at most 3 characters", "item 3: must not be null"]})
        );
        let errors = parse_value::<Line<3>>("name", json!("")).unwrap_err();
        assert_eq!(json!(errors), json!({"name": ["must not be empty"]}));
    }
}
