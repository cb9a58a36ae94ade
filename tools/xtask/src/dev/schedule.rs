//! When a scheduled function runs: EventBridge's expressions in template.yaml.

use std::str::FromStr;
use std::time::Duration;

use ops::{Failure, Result};
use shared::model::timestamp::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The times at which a function runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Again and again after this period; for the first time one period after the start.
    Every(Duration),
    /// Once a day, this long after midnight in UTC; and a minute after the start, because a developer's machine may sleep
    /// at that time of every day.
    Daily(Duration),
}

impl Schedule {
    /// Returns the first time after `now`, for a scheduler that has started at `start`.
    pub fn next(self, start: Timestamp, now: Timestamp) -> Timestamp {
        let (first, period) = match self {
            Self::Every(period) => (start.plus(period), period),
            Self::Daily(time) => (midnight(start).plus(time), DAY),
        };
        let next = if now < first {
            first
        } else {
            let over = now.since(first).as_millis() % period.as_millis();
            let over = Duration::from_millis(u64::try_from(over).unwrap_or(0));
            now.plus(period.saturating_sub(over))
        };
        let soon = start.plus(MINUTE);
        if matches!(self, Self::Daily(_)) && now < soon { next.min(soon) } else { next }
    }
}

impl FromStr for Schedule {
    type Err = Failure;

    fn from_str(expression: &str) -> Result<Self> {
        let known = rate(expression).or_else(|| daily(expression));
        known.ok_or_else(|| {
            let forms = "it reads rate(5 minutes) and, for a time in UTC, cron(30 2 * * ? *)";
            format!("cargo dev cannot read the schedule {expression}: {forms}").into()
        })
    }
}

/// Reads `rate(1 minute)`, `rate(12 hours)`, … As in EventBridge, only 1 has a unit in the singular.
fn rate(expression: &str) -> Option<Schedule> {
    let (count, unit) = arguments(expression, "rate")?.split_once(' ')?;
    let count = number(count)?;
    let unit = match (count, unit) {
        (1, "minute") | (2.., "minutes") => MINUTE,
        (1, "hour") | (2.., "hours") => HOUR,
        (1, "day") | (2.., "days") => DAY,
        _ => return None,
    };
    Some(Schedule::Every(unit.saturating_mul(count)))
}

/// Reads `cron(M H * * ? *)`.
fn daily(expression: &str) -> Option<Schedule> {
    let fields: Vec<_> = arguments(expression, "cron")?.split(' ').collect();
    let [minute, hour, "*", "*", "?", "*"] = fields.as_slice() else { return None };
    let (minute, hour) = (number(minute)?, number(hour)?);
    (minute < 60 && hour < 24).then(|| Schedule::Daily(HOUR * hour + MINUTE * minute))
}

/// Returns what is in the brackets after `name`.
fn arguments<'a>(expression: &'a str, name: &str) -> Option<&'a str> {
    expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

fn number(text: &str) -> Option<u32> {
    // `parse` also reads a sign.
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns the beginning of a moment's day in UTC.
fn midnight(moment: Timestamp) -> Timestamp {
    let second = moment.as_second();
    let day = i64::try_from(DAY.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond((second - second.rem_euclid(day)).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(expression: &str) -> Schedule {
        expression.parse().unwrap()
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn rates_and_daily_times_are_read() {
        assert_eq!(read("rate(1 minute)"), Schedule::Every(MINUTE));
        assert_eq!(read("rate(90 minutes)"), Schedule::Every(MINUTE * 90));
        assert_eq!(read("rate(1 hour)"), Schedule::Every(HOUR));
        assert_eq!(read("rate(2 days)"), Schedule::Every(DAY * 2));
        assert_eq!(read("cron(0 0 * * ? *)"), Schedule::Daily(Duration::ZERO));
        assert_eq!(read("cron(59 23 * * ? *)"), Schedule::Daily(DAY - MINUTE));
    }

    #[test]
    fn another_expression_is_refused_by_its_name() {
        for expression in [
            "",
            "rate()",
            "rate(minute)",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(2 minute)",
            "rate(+2 minutes)",
            "rate(5 seconds)",
            "rate(5  minutes)",
            "rate(5 minutes",
            "Rate(5 minutes)",
            "cron(30 2 * * *)",
            "cron(30 2 * * * *)",
            "cron(30 2 ? * * *)",
            "cron(30 2 * * ? 2026)",
            "cron(30 2 * * ? * *)",
            "cron(60 2 * * ? *)",
            "cron(30 24 * * ? *)",
            "cron(0/5 * * * ? *)",
            "cron(30 2 ? * MON-FRI *)",
            "at(2026-01-31T12:00:00)",
        ] {
            let error = expression.parse::<Schedule>().unwrap_err().to_string();
            let beginning = format!("cargo dev cannot read the schedule {expression}: ");
            assert!(error.starts_with(&beginning), "{error}");
        }
    }

    #[test]
    fn rate_counts_from_the_start_and_leaves_out_times_that_have_passed() {
        let (schedule, start) = (read("rate(5 minutes)"), at("2026-01-31T12:00:30Z"));
        for (now, next) in [
            ("2026-01-31T12:00:30Z", "2026-01-31T12:05:30Z"),
            ("2026-01-31T12:05:29.999Z", "2026-01-31T12:05:30Z"),
            ("2026-01-31T12:05:30Z", "2026-01-31T12:10:30Z"),
            ("2026-01-31T12:21:00Z", "2026-01-31T12:25:30Z"),
            // The clock was set back.
            ("2026-01-31T11:00:00Z", "2026-01-31T12:05:30Z"),
        ] {
            assert_eq!(schedule.next(start, at(now)), at(next), "after {now}");
        }
    }

    #[test]
    fn daily_time_is_that_of_the_day_or_of_the_next() {
        let schedule = read("cron(30 2 * * ? *)");
        for (now, next) in [
            ("2026-01-31T00:00:00Z", "2026-01-31T02:30:00Z"),
            ("2026-01-31T02:29:59.999Z", "2026-01-31T02:30:00Z"),
            ("2026-01-31T02:30:00Z", "2026-02-01T02:30:00Z"),
            ("2026-01-31T23:59:59Z", "2026-02-01T02:30:00Z"),
            ("1969-12-31T01:00:00Z", "1969-12-31T02:30:00Z"),
        ] {
            let start = at(now).minus(HOUR);
            assert_eq!(schedule.next(start, at(now)), at(next), "after {now}");
        }
        let (start, now) = (at("2026-01-31T12:00:00Z"), at("2026-02-03T02:30:00.001Z"));
        assert_eq!(schedule.next(start, now), at("2026-02-04T02:30:00Z"));
    }

    #[test]
    fn daily_time_is_also_a_minute_after_the_start() {
        let (schedule, start) = (read("cron(30 2 * * ? *)"), at("2026-01-31T12:00:00Z"));
        for (now, next) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:01:00Z"),
            ("2026-01-31T12:00:59.999Z", "2026-01-31T12:01:00Z"),
            ("2026-01-31T12:01:00Z", "2026-02-01T02:30:00Z"),
        ] {
            assert_eq!(schedule.next(start, at(now)), at(next), "after {now}");
        }
        // The time of the day is even sooner.
        let start = at("2026-01-31T02:29:30Z");
        assert_eq!(schedule.next(start, start), at("2026-01-31T02:30:00Z"));
    }
}
