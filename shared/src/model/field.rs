//! The errors of a body or a query, by field. All errors are reported at once, not only the first.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::str::FromStr;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef,
};
use serde::Serialize;
use serde_json::{Map, Value};

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
        let here = location.first_field().unwrap_or_default();
        match error {
            ErrorKind::MissingField { field } => errors.add(field, "is required"),
            ErrorKind::UnknownKey { key, .. } => errors.add(key, "is not a field of this request"),
            ErrorKind::UnknownValue { accepted, .. } => {
                errors.add(here, format!("must be one of {}", accepted.join(", ")));
            }
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                errors.add(here, wrong_kind(actual.kind(), accepted));
            }
            ErrorKind::BadSequenceLen { expected, .. } => {
                errors.add(here, format!("must hold {expected} values"));
            }
            ErrorKind::Unexpected { msg } => errors.add(here, msg),
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
    FieldErrors::one(location.first_field().unwrap_or_default(), message.to_string())
}
