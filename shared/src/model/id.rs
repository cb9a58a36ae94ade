//! Ids of users, doctors and patients: positive integers up to 2^53 - 1, which JavaScript represents exactly.

use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};

use super::field::{FieldErrors, invalid, whole_number};

/// The largest id: `Number.MAX_SAFE_INTEGER`.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// The interface of all ids. Users, doctors and patients have different types of ids, so that the compiler rejects
/// mix-ups.
pub trait Id:
    Copy + Eq + fmt::Debug + FromStr + std::hash::Hash + Serialize + Send + Sync + 'static
{
    /// Returns the id with this number, or `None` outside of `1..=MAX_ID`.
    fn new(number: u64) -> Option<Self>;
    fn get(self) -> u64;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a positive integer of at most {MAX_ID}")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u64")]
        pub struct $name(u64);

        impl TryFrom<u64> for $name {
            type Error = InvalidId;

            fn try_from(number: u64) -> Result<Self, InvalidId> {
                Self::new(number).ok_or(InvalidId)
            }
        }

        impl Id for $name {
            fn new(number: u64) -> Option<Self> {
                (1..=MAX_ID).contains(&number).then_some(Self(number))
            }
            fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Accepts only the canonical form: `+7` and `007` are invalid.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse()
                    .ok()
                    .and_then(Self::new)
                    .filter(|id| id.to_string() == text)
                    .ok_or(InvalidId)
            }
        }

        impl Deserr<FieldErrors> for $name {
            fn deserialize_from_value<V: IntoValue>(
                value: Value<V>,
                location: ValuePointerRef,
            ) -> Result<Self, FieldErrors> {
                whole_number(&value).and_then(Self::new).ok_or_else(|| invalid(InvalidId, location))
            }
        }
    };
}

id! {
    /// The id of an account.
    UserId
}
id! {
    /// The id of a doctor.
    DoctorId
}
id! {
    /// The id of a patient.
    PatientId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_json_number_is_an_id_in_any_spelling() {
        let parse = |json: &str| {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            deserr::deserialize::<DoctorId, _, FieldErrors>(value).ok()
        };
        for json in ["7", "7.0", "0.7e1"] {
            assert_eq!(parse(json), Some(DoctorId(7)), "{json}");
        }
        for json in ["0", "-7", "7.5", "1e300", "9007199254740992.0", "\"7\"", "true", "null"] {
            assert_eq!(parse(json), None, "{json}");
        }
    }

    #[test]
    fn only_canonical_text_is_an_id() {
        assert_eq!("7".parse(), Ok(DoctorId(7)));
        assert_eq!(MAX_ID.to_string().parse(), Ok(DoctorId(MAX_ID)));
        for text in ["", "0", "-1", "+7", "007", "1.0", "abc", "9007199254740992", " 7"] {
            assert_eq!(text.parse::<DoctorId>(), Err(InvalidId), "{text:?}");
        }
    }
}
