//! Why an assignment, its end or a cover was made: a code, so that no text about a patient is kept for ever.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::field::field_from_str;

const MAX_CHARS: usize = 40;

/// A code of the clinic's own, such as `vacation`: at most 40 of `a` to `z`, `0` to `9`, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReasonCode(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a code of at most 40 of the characters a-z, 0-9, - and _, such as vacation")]
pub struct InvalidReasonCode;

impl ReasonCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReasonCode {
    type Err = InvalidReasonCode;

    fn from_str(text: &str) -> Result<Self, InvalidReasonCode> {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if (1..=MAX_CHARS).contains(&text.len()) && text.chars().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidReasonCode)
        }
    }
}

impl TryFrom<String> for ReasonCode {
    type Error = InvalidReasonCode;

    fn try_from(text: String) -> Result<Self, InvalidReasonCode> {
        text.parse()
    }
}

impl From<ReasonCode> for String {
    fn from(code: ReasonCode) -> Self {
        code.0
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

field_from_str!(ReasonCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_is_a_short_code() {
        for code in ["vacation", "moved-away_2", "7"] {
            assert_eq!(code.parse::<ReasonCode>().unwrap().as_str(), code);
        }
        for text in ["", "Vacation", "on vacation", "é", &"a".repeat(41)] {
            assert_eq!(text.parse::<ReasonCode>(), Err(InvalidReasonCode), "{text:?}");
        }
    }
}
