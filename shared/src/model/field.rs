//! What is wrong with a body or a query, by field: every problem at once, not just the first.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::str::FromStr;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The messages of each faulty field, in the shape of a problem's `errors` member:
/// `{"field": ["message", …]}`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// One message about one field.
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.entry(field.to_owned()).or_default().push(message.into());
    }

    /// Each faulty field with its messages.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(field, messages)| (field.as_str(), messages.as_slice()))
    }

    pub fn extend(&mut self, other: Self) {
        for (field, messages) in other.0 {
            self.0.entry(field).or_default().extend(messages);
        }
    }

    /// `value` if nothing is wrong, the errors otherwise.
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

/// A JSON object, as it came.
pub type JsonObject = Map<String, Value>;

/// Reads a JSON object. `check` sees it as it came, for rules that reach beyond one field; its errors
/// are reported together with all the others.
pub fn parse<T: Deserr<FieldErrors>>(
    body: JsonObject,
    check: impl FnOnce(&JsonObject, &mut FieldErrors),
) -> Result<T, FieldErrors> {
    let mut errors = FieldErrors::default();
    check(&body, &mut errors);
    match deserr::deserialize::<T, _, FieldErrors>(Value::Object(body)) {
        Ok(value) => errors.or(value),
        Err(mut wrong) => {
            wrong.extend(errors);
            Err(wrong)
        }
    }
}

/// A string field of a body, if it is there and can be read as this type.
pub fn peek<T: FromStr>(body: &JsonObject, field: &str) -> Option<T> {
    body.get(field)?.as_str()?.parse().ok()
}

/// Reads a JSON string through the type's `FromStr`, whose error becomes the field's message.
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

/// A `Debug` that shows the type alone: what it holds is about a person, and `Debug` ends in logs.
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

/// A number without a fraction and not below zero. JSON does not tell 7 from 7.0 (RFC 8259, 6), nor does JSON
/// Schema, so neither does this.
pub(crate) fn whole_number<V: IntoValue>(value: &deserr::Value<V>) -> Option<u64> {
    /// 2^53: up to here every whole number is a float of its own.
    const MAX: f64 = 9_007_199_254_740_992.0;
    match *value {
        deserr::Value::Integer(number) => Some(number),
        deserr::Value::Float(number) if number.fract() == 0.0 && (0.0..MAX).contains(&number) => {
            Some(number as u64)
        }
        _ => None,
    }
}

/// The error of a value that has the right JSON type and is not acceptable all the same.
pub(crate) fn invalid(message: impl ToString, location: ValuePointerRef) -> FieldErrors {
    FieldErrors::one(location.first_field().unwrap_or_default(), message.to_string())
}
