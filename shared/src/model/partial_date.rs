//! A date of which only the year, or the year and the month, may be known.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::date::{Date, begins_like_a_date};
use super::field::{field_from_str, unseen};

/// A date of which the day, or the day and the month, may be unknown: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PartialDate {
    /// The first day that it may be.
    first: Date,
    known: Known,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Year,
    Month,
    Day,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPartialDate {
    #[error("must be a date of the form YYYY-MM-DD, YYYY-MM or YYYY")]
    Form,
    #[error("must be a date that exists")]
    Nonexistent,
}

impl PartialDate {
    /// Whether both may be the same day: the parts that both know are equal.
    pub fn may_equal(self, other: Self) -> bool {
        self.first <= other.last_day() && other.first <= self.last_day()
    }

    pub fn first_day(self) -> Date {
        self.first
    }

    pub fn last_day(self) -> Date {
        match self.known {
            Known::Day => self.first,
            Known::Month => Date(self.first.0.last_of_month()),
            Known::Year => Date(self.first.0.last_of_year()),
        }
    }
}

impl FromStr for PartialDate {
    type Err = InvalidPartialDate;

    fn from_str(text: &str) -> Result<Self, InvalidPartialDate> {
        let text = text.trim();
        let (rest, known) = match text.len() {
            4 => ("-01-01", Known::Year),
            7 => ("-01", Known::Month),
            10 => ("", Known::Day),
            _ => return Err(InvalidPartialDate::Form),
        };
        if !begins_like_a_date(text) {
            return Err(InvalidPartialDate::Form);
        }
        let first = format!("{text}{rest}").parse::<Date>();
        let first = first.map_err(|_| InvalidPartialDate::Nonexistent)?;
        Ok(Self { first, known })
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.first.0;
        write!(f, "{:04}", day.year())?;
        if self.known != Known::Year {
            write!(f, "-{:02}", day.month())?;
        }
        if self.known == Known::Day {
            write!(f, "-{:02}", day.day())?;
        }
        Ok(())
    }
}

impl Serialize for PartialDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

field_from_str!(PartialDate);
unseen!(PartialDate);

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> PartialDate {
        text.parse().unwrap()
    }

    #[test]
    fn day_or_month_may_be_unknown() {
        for text in ["1985-04-12", "1985-04", "1985", "0001", "9999-12-31"] {
            assert_eq!(date(text).to_string(), text);
            assert_eq!(serde_json::to_string(&date(text)).unwrap(), format!("\"{text}\""));
        }
        for text in [
            "",
            "85",
            "198",
            "1985-4",
            "1985-",
            "1985/04",
            "+985",
            "19850412",
            "1985-04-12T00",
            "١٩٨٥",
            "1985-1-01",
        ] {
            let form = Err(InvalidPartialDate::Form);
            assert_eq!(text.parse::<PartialDate>(), form, "{text:?}");
        }
        for text in ["1985-13", "1985-00", "1985-02-30", "0000"] {
            let nonexistent = Err(InvalidPartialDate::Nonexistent);
            assert_eq!(text.parse::<PartialDate>(), nonexistent, "{text:?}");
        }
    }

    #[test]
    fn dates_may_be_equal_if_the_known_parts_agree() {
        for (a, b, expected) in [
            ("1985-04-12", "1985-04-12", true),
            ("1985-04-12", "1985-04", true),
            ("1985-04-12", "1985", true),
            ("1985-04", "1985", true),
            ("1985-04-12", "1985-04-13", false),
            ("1985-04-12", "1985-05", false),
            ("1985-04", "1985-05", false),
            ("1985-12-31", "1986", false),
        ] {
            assert_eq!(date(a).may_equal(date(b)), expected, "{a} {b}");
            assert_eq!(date(b).may_equal(date(a)), expected, "{b} {a}");
        }
    }

    #[test]
    fn partial_date_is_a_range_of_days() {
        let days = |text: &str| (date(text).first_day(), date(text).last_day());
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(days("2024"), (day("2024-01-01"), day("2024-12-31")));
        assert_eq!(days("2024-02"), (day("2024-02-01"), day("2024-02-29")));
        assert_eq!(days("2024-02-03"), (day("2024-02-03"), day("2024-02-03")));
    }
}
