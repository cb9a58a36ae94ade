//! Hand-overs: all patients of a doctor move to another doctor, in the background, now or later.

use std::time::Duration;

use deserr::Deserr;
use serde::Serialize;

use super::field::FieldErrors;
use super::id::{DoctorId, UserId};
use super::reason::ReasonCode;
use super::text_id::text_id;
use super::timestamp::Timestamp;
use crate::discloses_no_patient;

/// The most days from the request to its effect.
const MAX_DAYS: u64 = 90;

text_id! {
    /// The id of a hand-over: 128 random bits in base64url.
    HandoverId
}

/// The body of a request that begins a hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct NewHandover {
    /// The doctor who gets the patients.
    pub to_doctor_id: DoctorId,
    /// The moment of the request if it is absent.
    #[deserr(default)]
    pub effective_at: Option<Timestamp>,
    #[deserr(default)]
    pub reason: Option<ReasonCode>,
}

/// How far a hand-over is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HandoverState {
    /// Nothing is done yet.
    Scheduled,
    Running,
    Done,
    /// Nobody has moved, and nobody will.
    Cancelled,
}

/// A hand-over as clients see it. It counts patients, and names none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handover {
    pub id: HandoverId,
    /// The doctor whose patients move.
    pub from_doctor_id: DoctorId,
    pub to_doctor_id: DoctorId,
    pub effective_at: Timestamp,
    pub reason: Option<ReasonCode>,
    pub state: HandoverState,
    /// The number of patients who have moved.
    pub moved: u64,
    /// The number of patients who have not moved; `None` until they are counted. When it is done, those who stay:
    /// because their move is refused, or because the new doctor was deleted.
    pub left: Option<u64>,
    pub created_at: Timestamp,
    pub created_by: UserId,
    pub finished_at: Option<Timestamp>,
}

discloses_no_patient!(Handover);

impl NewHandover {
    /// Returns when the hand-over of this doctor takes effect, or every problem of it.
    pub fn takes_effect(&self, from: DoctorId, now: Timestamp) -> Result<Timestamp, FieldErrors> {
        let effective_at = self.effective_at.unwrap_or(now);
        let mut errors = FieldErrors::default();
        if self.to_doctor_id == from {
            errors.add("to_doctor_id", "must be another doctor");
        }
        if effective_at < now {
            errors.add("effective_at", "must not be in the past");
        } else if effective_at.since(now) > Duration::from_hours(MAX_DAYS * 24) {
            errors.add("effective_at", format!("must be at most {MAX_DAYS} days from now"));
        }
        errors.or(effective_at)
    }

    /// Whether a hand-over of the same doctor is what the request asks for. It accepts all that it does not name.
    pub fn is_met_by(&self, handover: &Handover) -> bool {
        self.to_doctor_id == handover.to_doctor_id
            && self.effective_at.is_none_or(|moment| moment == handover.effective_at)
            && self.reason.as_ref().is_none_or(|reason| Some(reason) == handover.reason.as_ref())
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

    fn new(to: u64, effective_at: Option<Timestamp>) -> NewHandover {
        NewHandover { to_doctor_id: doctor(to), effective_at, reason: None }
    }

    #[test]
    fn handover_takes_effect_within_90_days() {
        let takes_effect = |effective_at| new(2, effective_at).takes_effect(doctor(1), moment(10));
        assert_eq!(takes_effect(None), Ok(moment(10)));
        for (effective_at, valid) in [
            (moment(9), false),
            (moment(10), true),
            (moment(100), true),
            (moment(100).plus(Duration::from_millis(1)), false),
        ] {
            assert_eq!(takes_effect(Some(effective_at)).is_ok(), valid, "{effective_at}");
        }
    }

    #[test]
    fn all_problems_are_reported() {
        let errors = new(1, Some(moment(9))).takes_effect(doctor(1), moment(10)).unwrap_err();
        let expected = json!({
            "effective_at": ["must not be in the past"],
            "to_doctor_id": ["must be another doctor"],
        });
        assert_eq!(json!(errors), expected);
    }

    #[test]
    fn repeated_request_is_met_by_the_handover_that_it_began() {
        let handover = Handover {
            id: "k3vXh0mAqJ1c5rB2nT9yLw".parse().unwrap(),
            from_doctor_id: doctor(1),
            to_doctor_id: doctor(2),
            effective_at: moment(20),
            reason: "retired".parse().ok(),
            state: HandoverState::Scheduled,
            moved: 0,
            left: None,
            created_at: moment(10),
            created_by: UserId::new(1).unwrap(),
            finished_at: None,
        };
        let is_met = |request: NewHandover| request.is_met_by(&handover);
        let because =
            |reason: &str, request| NewHandover { reason: reason.parse().ok(), ..request };
        assert!(is_met(new(2, None)) && is_met(new(2, Some(moment(20)))));
        assert!(is_met(because("retired", new(2, None))));
        assert!(!is_met(new(3, None)) && !is_met(new(2, Some(moment(21)))));
        assert!(!is_met(because("moved", new(2, None))));
    }
}
