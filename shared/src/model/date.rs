//! A calendar date, written `YYYY-MM-DD`.

use std::str::FromStr;

use jiff::ToSpan;
use serde::{Deserialize, Serialize};

use super::field::{field_from_str, unseen};

/// A day from 1 January 0001 to 31 December 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(pub(super) jiff::civil::Date);

impl Date {
    /// Returns the date as `YYYY-MM-DD`.
    pub fn iso(self) -> String {
        self.0.to_string()
    }

    /// Returns the day this many years earlier; the first day of the calendar if there is none.
    pub fn years_before(self, years: i16) -> Self {
        Self(self.0.saturating_sub(years.years()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDate {
    #[error("must be a date of the form YYYY-MM-DD")]
    Form,
    #[error("must be a date that exists")]
    Nonexistent,
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let text = text.trim();
        // The parser also accepts other forms of ISO 8601, such as 20240131 and a date with a time.
        if text.len() != "YYYY-MM-DD".len() || !begins_like_a_date(text) {
            return Err(InvalidDate::Form);
        }
        let date = text.parse::<jiff::civil::Date>().ok();
        date.filter(|date| date.year() >= 1).map(Self).ok_or(InvalidDate::Nonexistent)
    }
}

/// Returns whether the text has digits and hyphens where a beginning of `YYYY-MM-DD` has them.
pub(super) fn begins_like_a_date(text: &str) -> bool {
    text.bytes()
        .enumerate()
        .all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() })
}

field_from_str!(Date);
unseen!(Date);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_must_exist_and_have_the_form_yyyy_mm_dd() {
        assert!("2024-02-29".parse::<Date>().is_ok());
        for text in [
            "",
            "20240131",
            "31-01-2024",
            "2024-1-31",
            "2024-01-31T00:00",
            "-00001-1-1",
            "2024-١-01",
        ] {
            assert_eq!(text.parse::<Date>(), Err(InvalidDate::Form), "{text:?}");
        }
        for text in ["2023-02-29", "2023-02-30", "2024-13-01", "2024-01-00", "0000-01-01"] {
            assert_eq!(text.parse::<Date>(), Err(InvalidDate::Nonexistent), "{text:?}");
        }
    }
}
