//! Covers: a doctor sees another doctor's patients for a time, such as a vacation.

use std::time::Duration;

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::field::FieldErrors;
use super::id::{DoctorId, UserId};
use super::period::Period;
use super::reason::ReasonCode;
use super::timestamp::Timestamp;
use crate::discloses_no_patient;

/// The most days of a cover.
const MAX_DAYS: u64 = 90;

/// The body of a request that sets a cover.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct NewCover {
    pub covering_doctor_id: DoctorId,
    /// The moment of the request if it is absent.
    #[deserr(default)]
    pub starts_at: Option<Timestamp>,
    pub ends_at: Timestamp,
    #[deserr(default)]
    pub reason: Option<ReasonCode>,
}

/// The cover of one doctor by another. Both bounds are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// The doctor whose patients are covered.
    pub doctor_id: DoctorId,
    pub covering_doctor_id: DoctorId,
    #[serde(flatten)]
    pub period: Period,
    #[serde(default)]
    pub reason: Option<ReasonCode>,
    pub set_at: Timestamp,
    pub set_by: UserId,
}

discloses_no_patient!(Cover);

/// A doctor whom another doctor covers, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    pub doctor_id: DoctorId,
    #[serde(flatten)]
    pub period: Period,
}

impl NewCover {
    /// Returns the cover of a doctor that an account sets now, or every problem of it.
    pub fn of(
        self,
        doctor_id: DoctorId,
        set_by: UserId,
        now: Timestamp,
    ) -> Result<Cover, FieldErrors> {
        let Self { covering_doctor_id, starts_at, ends_at, reason } = self;
        let starts_at = starts_at.unwrap_or(now);
        let mut errors = FieldErrors::default();
        if covering_doctor_id == doctor_id {
            errors.add("covering_doctor_id", "must be another doctor");
        }
        if ends_at <= starts_at.max(now) {
            errors.add("ends_at", "must be after starts_at and after now");
        } else if ends_at.since(starts_at) > Duration::from_secs(MAX_DAYS * 24 * 60 * 60) {
            errors.add("ends_at", format!("must be at most {MAX_DAYS} days after starts_at"));
        }
        let period = Period { starts_at, ends_at: Some(ends_at) };
        errors.or(Cover { doctor_id, covering_doctor_id, period, reason, set_at: now, set_by })
    }
}

impl Cover {
    /// Whether both say the same, whenever and by whom they were set.
    pub fn has_same_terms(&self, other: &Self) -> bool {
        let terms = |cover: &Self| {
            let Self { doctor_id, covering_doctor_id, period, reason, .. } = cover.clone();
            (doctor_id, covering_doctor_id, period, reason)
        };
        terms(self) == terms(other)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::id::Id;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    fn moment(day: i64) -> Timestamp {
        Timestamp::from_millisecond(day * DAY)
    }

    fn doctor(id: u64) -> DoctorId {
        DoctorId::new(id).unwrap()
    }

    /// Doctor 1 is covered by this one, on day 10.
    fn set(covering: u64, starts: Option<i64>, ends: Timestamp) -> Result<Cover, FieldErrors> {
        let starts_at = starts.map(moment);
        let new = NewCover {
            covering_doctor_id: doctor(covering),
            starts_at,
            ends_at: ends,
            reason: None,
        };
        new.of(doctor(1), UserId::new(1).unwrap(), moment(10))
    }

    #[test]
    fn cover_has_at_most_90_days_and_ends_later() {
        let later = moment(100).plus(Duration::from_millis(1));
        for (starts, ends, valid) in [
            (None, moment(11), true),
            (None, moment(10), false),
            (None, moment(100), true),
            (None, later, false),
            (Some(50), moment(140), true),
            (Some(50), moment(141), false),
            (Some(50), moment(50), false),
            (Some(5), moment(9), false),
            (Some(5), moment(11), true),
        ] {
            assert_eq!(set(2, starts, ends).is_ok(), valid, "{starts:?} {ends}");
        }
    }

    #[test]
    fn all_problems_are_reported() {
        let errors = set(1, Some(50), moment(49)).unwrap_err();
        let expected = json!({
            "covering_doctor_id": ["must be another doctor"],
            "ends_at": ["must be after starts_at and after now"],
        });
        assert_eq!(json!(errors), expected);
    }

    #[test]
    fn terms_are_independent_of_the_time_of_setting() {
        let cover = set(2, Some(9), moment(20)).unwrap();
        let again = Cover { set_at: moment(11), set_by: UserId::new(2).unwrap(), ..cover.clone() };
        assert!(cover.has_same_terms(&again));
        assert!(!cover.has_same_terms(&set(3, Some(9), moment(20)).unwrap()));
        assert!(!cover.has_same_terms(&set(2, Some(9), moment(21)).unwrap()));
    }
}
