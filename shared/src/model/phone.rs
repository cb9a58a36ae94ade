//! A telephone number in the characters of E.164.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::field::{field_from_str, unseen};

/// A telephone number: an optional `+`, then 3 to 19 digits. This includes E.164 numbers and short numbers such as 112.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a telephone number: 3 to 19 digits, with + in front or without, such as +14155550123"
)]
pub struct InvalidPhoneNumber;

impl FromStr for PhoneNumber {
    type Err = InvalidPhoneNumber;

    fn from_str(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let number = text.trim();
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_number =
            (3..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| Self(number.to_owned())).ok_or(InvalidPhoneNumber)
    }
}

field_from_str!(PhoneNumber);
unseen!(PhoneNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_has_digits_and_an_optional_plus() {
        for text in ["+14155550123", "112", " 0301234567 "] {
            assert!(text.parse::<PhoneNumber>().is_ok(), "{text:?}");
        }
        for text in ["", "+", "12", "1-2-3", "+1 415 555", "12345678901234567890", "٣٣٣"] {
            assert_eq!(text.parse::<PhoneNumber>(), Err(InvalidPhoneNumber), "{text:?}");
        }
    }
}
