//! A period of time, from a moment on and, if it is bounded, until another moment.

use serde::{Deserialize, Serialize};

use super::timestamp::Timestamp;

/// Half-open: it contains its start, and not its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub starts_at: Timestamp,
    /// `None` if no end is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
}

impl Period {
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.starts_at <= moment && !self.has_ended(moment)
    }

    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        let starts_before_end = |a: &Self, b: &Self| b.ends_at.is_none_or(|end| a.starts_at < end);
        starts_before_end(self, other) && starts_before_end(other, self)
    }

    /// Returns the period that contains both; `None` if there is time between them.
    pub fn joined(&self, other: &Self) -> Option<Self> {
        let reaches = |a: &Self, b: &Self| a.ends_at.is_none_or(|end| b.starts_at <= end);
        (reaches(self, other) && reaches(other, self)).then(|| Self {
            starts_at: self.starts_at.min(other.starts_at),
            ends_at: self.ends_at.zip(other.ends_at).map(|(one, other)| one.max(other)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(starts: i64, ends: Option<i64>) -> Period {
        let moment = Timestamp::from_millisecond;
        Period { starts_at: moment(starts), ends_at: ends.map(moment) }
    }

    #[test]
    fn period_contains_its_start_but_not_its_end() {
        let contains = |period: Period, at| period.contains(Timestamp::from_millisecond(at));
        let bounded = period(10, Some(20));
        assert_eq!([9, 10, 19, 20].map(|at| contains(bounded, at)), [false, true, true, false]);
        assert!(contains(period(10, None), i64::MAX));
    }

    #[test]
    fn adjacent_periods_do_not_overlap() {
        let (first, second) = (period(0, Some(10)), period(10, None));
        assert!(!first.overlaps(&second) && !second.overlaps(&first));
        for (a, b) in [(first, period(9, None)), (second, period(0, None)), (first, first)] {
            assert!(a.overlaps(&b) && b.overlaps(&a));
        }
    }

    #[test]
    fn joined_period_begins_with_the_first_and_ends_with_the_last() {
        for (a, b, expected) in [
            (period(0, Some(10)), period(5, Some(20)), Some(period(0, Some(20)))),
            (period(0, Some(10)), period(10, None), Some(period(0, None))),
            (period(0, Some(10)), period(11, None), None),
            (period(0, None), period(5, Some(20)), Some(period(0, None))),
            (period(5, Some(10)), period(0, Some(20)), Some(period(0, Some(20)))),
        ] {
            assert_eq!((a.joined(&b), b.joined(&a)), (expected, expected));
        }
    }
}
