//! Emergency access ("break the glass"): an account opens a record that it cannot see otherwise, for a few hours.
//! Afterwards, an administrator reviews it: see `emergency_review`.

use std::str::FromStr;
use std::time::Duration;

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::disclosure::Disclosure;
use super::field::{FieldErrors, field_from_str, unseen};
use super::id::{PatientId, UserId};
use super::text::{InvalidText, Text};
use super::text_id::{InvalidTextId, text_id};
use super::timestamp::Timestamp;

/// How long an access lasts.
pub(super) const LASTS: Duration = Duration::from_hours(4);

/// The fewest characters of an explanation: a word alone explains nothing.
const MIN_CHARS: usize = 10;

text_id! {
    /// The id of an emergency access and of its review: the time of the grant, and random bits. So the ids sort by time.
    EmergencyId
}

impl EmergencyId {
    /// `random` is in base64url.
    pub fn new(granted_at: Timestamp, random: &str) -> Result<Self, InvalidTextId> {
        format!("{:013}-{random}", granted_at.as_millisecond()).parse()
    }

    /// Returns the id as a sort key: `<milliseconds since 1970>#<random>`.
    pub fn sort_key(&self) -> String {
        self.0.replacen('-', "#", 1)
    }

    /// Returns the beginning of the sort keys of this moment. Those of earlier moments sort before it.
    pub fn beginning(moment: Timestamp) -> String {
        format!("{:013}#", moment.as_millisecond())
    }
}

/// Why access is needed, as a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "snake_case")]
#[deserr(error = FieldErrors)]
pub enum EmergencyReason {
    #[deserr(rename = "life_threatening")]
    LifeThreatening,
    #[deserr(rename = "urgent_care")]
    UrgentCare,
    #[deserr(rename = "patient_request")]
    PatientRequest,
    #[deserr(rename = "other")]
    Other,
}

impl EmergencyReason {
    /// The stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LifeThreatening => "life_threatening",
            Self::UrgentCare => "urgent_care",
            Self::PatientRequest => "patient_request",
            Self::Other => "other",
        }
    }
}

/// Why access is needed, in words: 10 to 500 characters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Explanation(Text<500>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExplanation {
    #[error(transparent)]
    Text(#[from] InvalidText),
    #[error("must have at least {MIN_CHARS} characters")]
    TooShort,
}

impl FromStr for Explanation {
    type Err = InvalidExplanation;

    fn from_str(text: &str) -> Result<Self, InvalidExplanation> {
        let explanation: Text<500> = text.parse()?;
        if text.trim().chars().count() < MIN_CHARS {
            return Err(InvalidExplanation::TooShort);
        }
        Ok(Self(explanation))
    }
}

field_from_str!(Explanation);
unseen!(Explanation);

/// The body of a request for emergency access.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct NewEmergency {
    pub reason_code: EmergencyReason,
    pub reason: Explanation,
}

/// The access of an account to a patient: to read, until its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyAccess {
    pub id: EmergencyId,
    pub patient_id: PatientId,
    pub user_id: UserId,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

impl EmergencyAccess {
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }
}

impl Disclosure for EmergencyAccess {
    fn patients(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::field;
    use crate::model::id::Id;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn id(at: &str) -> EmergencyId {
        EmergencyId::new(moment(at), "k3vXh0mAqJ1c5rB2nT9yLw").unwrap()
    }

    fn emergency(body: Value) -> Result<NewEmergency, Value> {
        let body = body.as_object().unwrap().clone();
        field::parse(body, |_, _| ()).map_err(|errors| json!(errors))
    }

    #[test]
    fn ids_sort_by_time() {
        let (early, late) = (id("2026-01-31T12:00:00.999Z"), id("2026-01-31T12:00:01.000Z"));
        assert!(early.as_str() < late.as_str() && early.sort_key() < late.sort_key());
        let beginning = EmergencyId::beginning(moment("2026-01-31T12:00:01Z"));
        assert!(early.sort_key() < beginning && late.sort_key().starts_with(&beginning));
        assert!(EmergencyId::new(moment("2026-01-31T12:00:00Z"), "a#b").is_err());
    }

    #[test]
    fn access_has_an_end() {
        let (start, end) = (moment("2026-01-31T12:00:00Z"), moment("2026-01-31T16:00:00Z"));
        let access = EmergencyAccess {
            id: id("2026-01-31T12:00:00Z"),
            patient_id: PatientId::new(7).unwrap(),
            user_id: UserId::new(3).unwrap(),
            starts_at: start,
            ends_at: end,
        };
        let millisecond = Duration::from_millis(1);
        assert!(access.is_current(start) && access.is_current(end.minus(millisecond)));
        assert!(!access.is_current(start.minus(millisecond)) && !access.is_current(end));
    }

    #[test]
    fn code_and_explanation_are_required() {
        let required = json!(["is required"]);
        let expected = json!({"reason_code": required, "reason": required});
        assert_eq!(emergency(json!({})).unwrap_err(), expected);
        let codes = "must be one of life_threatening, urgent_care, patient_request, other";
        let unknown = json!({"reason_code": "curious", "reason": "I would like to know"});
        assert_eq!(emergency(unknown).unwrap_err(), json!({"reason_code": [codes]}));
        for (reason, problem) in [
            (" urgent ok ", "must have at least 10 characters"),
            ("  ", "must not be empty"),
            ("x".repeat(501).as_str(), "must have at most 500 characters"),
        ] {
            let body = json!({"reason_code": "other", "reason": reason});
            assert_eq!(emergency(body).unwrap_err(), json!({"reason": [problem]}));
        }
        for reason in ["1234567890", &"é".repeat(500)] {
            assert!(emergency(json!({"reason_code": "other", "reason": reason})).is_ok());
        }
    }

    #[test]
    fn codes_are_those_of_the_contract() {
        for reason in [
            EmergencyReason::LifeThreatening,
            EmergencyReason::UrgentCare,
            EmergencyReason::PatientRequest,
            EmergencyReason::Other,
        ] {
            assert_eq!(json!(reason), reason.code());
        }
    }
}
