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
    /// Returns the day this many years earlier; the first day of the calendar if there is none.
    pub fn years_before(self, years: i16) -> Self {
        Self(self.0.saturating_sub(years.years()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a date of the form YYYY-MM-DD")]
pub struct InvalidDate;

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let text = text.trim();
        // The parser also accepts other forms of ISO 8601, such as 20240131 and a date with a time.
        let has_form = text.len() == 10 && text.bytes().filter(|b| *b == b'-').count() == 2;
        let date = has_form.then(|| text.parse::<jiff::civil::Date>().ok());
        date.flatten().filter(|date| date.year() >= 1).map(Self).ok_or(InvalidDate)
    }
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
            "2023-02-29",
            "2024-13-01",
            "20240131",
            "31-01-2024",
            "2024-1-31",
            "2024-01-31T00:00",
            "0000-01-01",
            "-00001-1-1",
        ] {
            assert_eq!(text.parse::<Date>(), Err(InvalidDate), "{text:?}");
        }
    }
}
