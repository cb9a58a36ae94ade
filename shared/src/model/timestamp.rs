//! A moment. Answers and tables write it as RFC 3339 in UTC with milliseconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use jiff::ToSpan;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::date::Date;
use super::field::{FieldErrors, field_from_str};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(jiff::Timestamp);

/// A moment as clients write it: RFC 3339, with an offset. Parts of a millisecond are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub Timestamp);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a time with an offset, such as 2026-01-31T09:30:00Z or 2026-01-31T10:30:00+01:00")]
pub struct InvalidInstant;

impl Timestamp {
    /// Returns the time of the system's clock in milliseconds. In production only `App` calls this; all other code asks
    /// `App` for the time.
    #[allow(clippy::disallowed_methods, reason = "the only place that reads the clock")]
    pub fn system() -> Self {
        Self::from_millisecond(jiff::Timestamp::now().as_millisecond())
    }

    /// Returns the moment this many milliseconds after 1970. Saturates at the ends of the calendar.
    pub fn from_millisecond(millisecond: i64) -> Self {
        let clamped = millisecond
            .clamp(jiff::Timestamp::MIN.as_millisecond(), jiff::Timestamp::MAX.as_millisecond());
        Self(jiff::Timestamp::from_millisecond(clamped).unwrap_or(jiff::Timestamp::MAX))
    }

    pub fn as_millisecond(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Returns the seconds since 1970: the unit of JWT claims (RFC 7519, `NumericDate`) and of DynamoDB's TTL.
    pub fn as_second(self) -> i64 {
        self.0.as_second()
    }

    /// Returns the moment that is later by `duration`. Saturates at the end of the calendar.
    pub fn plus(self, duration: Duration) -> Self {
        let millisecond = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millisecond(self.as_millisecond().saturating_add(millisecond))
    }

    /// Returns the moment that is earlier by `duration`. Saturates at the beginning of the calendar.
    pub fn minus(self, duration: Duration) -> Self {
        let millisecond = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millisecond(self.as_millisecond().saturating_sub(millisecond))
    }

    /// Returns the time from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        let millisecond = self.as_millisecond().saturating_sub(earlier.as_millisecond());
        Duration::from_millis(u64::try_from(millisecond).unwrap_or(0))
    }

    /// Returns the date in UTC, as `YYYY-MM-DD`.
    pub fn utc_date(self) -> String {
        jiff::tz::TimeZone::UTC.to_datetime(self.0).date().to_string()
    }

    /// Returns the latest date anywhere on Earth at this moment (UTC+14). The birth date of a child that is born there
    /// today is not in the future.
    pub fn latest_date(self) -> Date {
        let kiribati = self.0.checked_add(14.hours()).unwrap_or(self.0);
        Date(jiff::tz::TimeZone::UTC.to_datetime(kiribati).date())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        // The parser also accepts other forms of ISO 8601.
        if !has_form_of_rfc_3339(text) {
            return Err(InvalidInstant);
        }
        let moment: Timestamp = text.parse().map_err(|_| InvalidInstant)?;
        Ok(Self(Timestamp::from_millisecond(moment.as_millisecond())))
    }
}

field_from_str!(Instant);

/// In a body, a moment has the form of an [`Instant`].
impl Deserr<FieldErrors> for Timestamp {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let Instant(moment) = Instant::deserialize_from_value(value, location)?;
        Ok(moment)
    }
}

/// Whether a text has date, time and offset in the form of RFC 3339, whatever their digits.
fn has_form_of_rfc_3339(text: &str) -> bool {
    let as_zero = |c: char| if c.is_ascii_digit() { '0' } else { c.to_ascii_uppercase() };
    let form: String = text.chars().map(as_zero).collect();
    let Some(rest) = form.strip_prefix("0000-00-00T00:00:00") else { return false };
    let offset = match rest.strip_prefix(".0") {
        Some(digits) => digits.trim_start_matches('0'),
        None => rest,
    };
    ["Z", "+00:00", "-00:00"].contains(&offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instant_has_an_offset() {
        for (text, expected) in [
            ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000Z"),
            ("2026-01-31t09:30:00.5z", "2026-01-31T09:30:00.500Z"),
            ("2026-01-31T09:30:00.123999+05:30", "2026-01-31T04:00:00.123Z"),
            ("2026-01-31T09:30:00-00:00", "2026-01-31T09:30:00.000Z"),
        ] {
            let Instant(moment) = text.parse().unwrap();
            assert_eq!(moment.to_string(), expected);
            assert_eq!(moment.to_string().parse(), Ok(Instant(moment)));
        }
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T09:30:00",
            "2026-01-31T09:30Z",
            "2026-01-31 09:30:00Z",
            "20260131T093000Z",
            "2026-01-31T09:30:00.Z",
            "2026-01-31T09:30:00,5Z",
            "2026-01-31T09:30:00+01",
            "2026-01-31T09:30:00+0100",
            "2026-01-31T09:30:00Z[UTC]",
            " 2026-01-31T09:30:00Z",
            "2026-02-30T09:30:00Z",
            "2026-01-31T25:30:00Z",
            "٢٠٢٦-01-31T09:30:00Z",
        ] {
            assert_eq!(text.parse::<Instant>(), Err(InvalidInstant), "{text:?}");
        }
    }

    #[test]
    fn timestamp_is_written_in_utc_with_milliseconds() {
        let moment = Timestamp::from_millisecond(1_700_000_000_007);
        assert_eq!(moment.to_string(), "2023-11-14T22:13:20.007Z");
        assert_eq!(serde_json::to_string(&moment).unwrap(), "\"2023-11-14T22:13:20.007Z\"");
    }

    #[test]
    fn date_is_that_in_utc() {
        for (text, date) in [
            ("2026-01-31T23:59:59.999Z", "2026-01-31"),
            ("2026-01-31T23:30:00-01:00", "2026-02-01"),
        ] {
            let Instant(moment) = text.parse().unwrap();
            assert_eq!(moment.utc_date(), date);
        }
    }

    #[test]
    fn latest_date_is_the_date_in_utc_plus_14() {
        let moment = Timestamp::from_millisecond(1_700_000_000_000); // 22:13 in UTC
        assert_eq!(moment.latest_date(), "2023-11-15".parse().unwrap());
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_millisecond(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        let beginning = Timestamp::from_millisecond(i64::MIN);
        assert_eq!(beginning.minus(Duration::MAX), beginning);
    }
}
