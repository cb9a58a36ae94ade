//! When a patient died: a date, of which parts may be unknown, or a moment.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::date::{Date, InvalidDate};
use super::field::{field_from_str, unseen};
use super::partial_date::{InvalidPartialDate, PartialDate};
use super::timestamp::Timestamp;

/// A date (`YYYY-MM-DD`, `YYYY-MM` or `YYYY`) or a moment (RFC 3339).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DeceasedAt(When);

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Date(PartialDate),
    Moment(Timestamp),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDeceasedAt {
    #[error(
        "must be a date of the form YYYY-MM-DD, YYYY-MM or YYYY, or a time such as 2026-01-31T09:30:00Z"
    )]
    Form,
    #[error("must be a date that exists")]
    Nonexistent,
}

impl DeceasedAt {
    /// Returns the last day that it may be, anywhere on Earth.
    pub fn last_day(self) -> Date {
        match self.0 {
            When::Date(date) => date.last_day(),
            When::Moment(moment) => moment.latest_date(),
        }
    }

    /// Returns the first day that it may be. That of a moment is the latest date anywhere,
    /// so that a moment that has passed is never in the future.
    pub fn first_day(self) -> Date {
        match self.0 {
            When::Date(date) => date.first_day(),
            When::Moment(moment) => moment.latest_date(),
        }
    }
}

impl FromStr for DeceasedAt {
    type Err = InvalidDeceasedAt;

    fn from_str(text: &str) -> Result<Self, InvalidDeceasedAt> {
        let text = text.trim();
        match text.parse::<PartialDate>() {
            Ok(date) => return Ok(Self(When::Date(date))),
            Err(InvalidPartialDate::Nonexistent) => return Err(InvalidDeceasedAt::Nonexistent),
            Err(InvalidPartialDate::Form) => {}
        }
        // The parser also accepts other forms of ISO 8601.
        let (date, time) = text.split_once(['T', 't']).ok_or(InvalidDeceasedAt::Form)?;
        if time.len() < "00:00:00Z".len() {
            return Err(InvalidDeceasedAt::Form);
        }
        match date.parse::<Date>() {
            Ok(_) => {}
            Err(InvalidDate::Nonexistent) => return Err(InvalidDeceasedAt::Nonexistent),
            Err(InvalidDate::Form) => return Err(InvalidDeceasedAt::Form),
        }
        let moment: Timestamp = text.parse().map_err(|_| InvalidDeceasedAt::Form)?;
        Ok(Self(When::Moment(Timestamp::from_millisecond(moment.as_millisecond()))))
    }
}

impl fmt::Display for DeceasedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            When::Date(date) => date.fmt(f),
            When::Moment(moment) => moment.fmt(f),
        }
    }
}

impl Serialize for DeceasedAt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeceasedAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

field_from_str!(DeceasedAt);
unseen!(DeceasedAt);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_date_or_a_moment() {
        for (text, expected) in [
            ("2025", "2025"),
            ("2025-11", "2025-11"),
            ("2025-11-30", "2025-11-30"),
            ("2025-11-30T09:30:00Z", "2025-11-30T09:30:00.000Z"),
            ("2025-11-30T09:30:00.1234+01:00", "2025-11-30T08:30:00.123Z"),
        ] {
            let parsed: DeceasedAt = text.parse().unwrap();
            assert_eq!(parsed.to_string(), expected);
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
        for text in
            ["", "yesterday", "2025-11-30T09:30:00", "20251130T093000Z", "2025-11-30 09:30:00Z"]
        {
            assert_eq!(text.parse::<DeceasedAt>(), Err(InvalidDeceasedAt::Form), "{text:?}");
        }
        for text in ["2023-02-30", "2025-13", "2023-02-29T09:30:00Z"] {
            let nonexistent = Err(InvalidDeceasedAt::Nonexistent);
            assert_eq!(text.parse::<DeceasedAt>(), nonexistent, "{text:?}");
        }
    }
}
