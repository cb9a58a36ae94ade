//! The reviews of emergency access.

use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::disclosure::Disclosure;
use super::emergency::{
    EmergencyAccess, EmergencyId, EmergencyReason, Explanation, LASTS, NewEmergency,
};
use super::field::FieldErrors;
use super::id::{PatientId, UserId};
use super::optional_text::OptionalText;
use super::text::Text;
use super::timestamp::Timestamp;

/// Whether an administrator has reviewed an emergency access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReviewStatus {
    Open,
    Reviewed,
}

impl ReviewStatus {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reviewed => "reviewed",
        }
    }
}

/// The result of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "lowercase")]
#[deserr(error = FieldErrors, rename_all = lowercase)]
pub enum Verdict {
    Justified,
    Unjustified,
}

/// The body of a request that closes a review.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct NewVerdict {
    pub verdict: Verdict,
    /// The reviewer's note.
    #[deserr(default)]
    pub note: OptionalText<1000>,
}

/// The review of an emergency access, as it is stored and as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyReview {
    pub id: EmergencyId,
    pub patient_id: PatientId,
    /// The account that opened the record.
    pub user_id: UserId,
    pub reason_code: EmergencyReason,
    pub reason: Explanation,
    pub granted_at: Timestamp,
    pub ends_at: Timestamp,
    pub status: ReviewStatus,
    /// `None` while it is open, like the other parts of the verdict.
    pub verdict: Option<Verdict>,
    pub note: Option<Text<1000>>,
    pub reviewed_by: Option<UserId>,
    pub reviewed_at: Option<Timestamp>,
    pub version: u64,
}

impl EmergencyReview {
    /// Returns the open review of an access that begins now.
    pub fn open(
        id: EmergencyId,
        patient_id: PatientId,
        user_id: UserId,
        emergency: NewEmergency,
        now: Timestamp,
    ) -> Self {
        let NewEmergency { reason_code, reason } = emergency;
        Self {
            id,
            patient_id,
            user_id,
            reason_code,
            reason,
            granted_at: now,
            ends_at: now.plus(LASTS),
            status: ReviewStatus::Open,
            verdict: None,
            note: None,
            reviewed_by: None,
            reviewed_at: None,
            version: 1,
        }
    }

    /// Returns the review with its verdict.
    #[must_use]
    pub fn closed(self, verdict: NewVerdict, reviewed_by: UserId, now: Timestamp) -> Self {
        let NewVerdict { verdict, note: OptionalText(note) } = verdict;
        Self {
            status: ReviewStatus::Reviewed,
            verdict: Some(verdict),
            note,
            reviewed_by: Some(reviewed_by),
            reviewed_at: Some(now),
            version: self.version + 1,
            ..self
        }
    }

    /// Returns the access that it is about.
    pub fn access(&self) -> EmergencyAccess {
        EmergencyAccess {
            id: self.id.clone(),
            patient_id: self.patient_id,
            user_id: self.user_id,
            starts_at: self.granted_at,
            ends_at: self.ends_at,
        }
    }
}

impl Disclosure for EmergencyReview {
    fn patients(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// The reviews that a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShownReviews {
    #[default]
    Open,
    Reviewed,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be open, reviewed or all")]
pub struct InvalidShownReviews;

impl ShownReviews {
    /// Returns the statuses of the reviews.
    pub const fn statuses(self) -> &'static [ReviewStatus] {
        match self {
            Self::Open => &[ReviewStatus::Open],
            Self::Reviewed => &[ReviewStatus::Reviewed],
            Self::All => &[ReviewStatus::Open, ReviewStatus::Reviewed],
        }
    }
}

impl FromStr for ShownReviews {
    type Err = InvalidShownReviews;

    fn from_str(text: &str) -> Result<Self, InvalidShownReviews> {
        let all = [Self::Open, Self::Reviewed, Self::All];
        all.into_iter().find(|it| it.to_string() == text).ok_or(InvalidShownReviews)
    }
}

impl fmt::Display for ShownReviews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => ReviewStatus::Open.name(),
            Self::Reviewed => ReviewStatus::Reviewed.name(),
            Self::All => "all",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::field;
    use crate::model::id::Id;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn verdict(body: serde_json::Value) -> Result<NewVerdict, FieldErrors> {
        field::parse(body.as_object().unwrap().clone(), |_, _| ())
    }

    fn review() -> EmergencyReview {
        let body = json!({"reason_code": "urgent_care", "reason": "Unconscious in the corridor"});
        let body = body.as_object().unwrap().clone();
        let emergency: NewEmergency = field::parse(body, |_, _| ()).unwrap();
        let now = moment("2026-01-31T12:00:00Z");
        let id = EmergencyId::new(now, "k3vXh0mAqJ1c5rB2nT9yLw").unwrap();
        let (patient, user) = (PatientId::new(7).unwrap(), UserId::new(3).unwrap());
        EmergencyReview::open(id, patient, user, emergency, now)
    }

    #[test]
    fn access_lasts_four_hours() {
        let review = review();
        let access = review.access();
        assert_eq!((&access.id, access.starts_at), (&review.id, review.granted_at));
        assert_eq!(access.ends_at, moment("2026-01-31T16:00:00Z"));
    }

    #[test]
    fn verdict_closes_a_review() {
        let given = verdict(json!({"verdict": "unjustified", "note": " No emergency. "})).unwrap();
        let (admin, now) = (UserId::new(1).unwrap(), moment("2026-02-01T08:00:00Z"));
        let closed = json!(review().closed(given, admin, now));
        assert_eq!((&closed["status"], &closed["version"]), (&json!("reviewed"), &json!(2)));
        assert_eq!(closed["verdict"], "unjustified");
        assert_eq!(closed["note"], "No emergency.");
        assert_eq!(closed["reviewed_by"], 1);
        assert_eq!(closed["reviewed_at"], "2026-02-01T08:00:00.000Z");
    }

    #[test]
    fn note_is_optional() {
        for note in [json!(null), json!(""), json!(" ")] {
            let given = verdict(json!({"verdict": "justified", "note": note})).unwrap();
            assert_eq!(given.note, OptionalText::default());
        }
        assert!(verdict(json!({"verdict": "justified"})).is_ok());
        let errors = verdict(json!({"verdict": "maybe", "note": "x".repeat(1001)})).unwrap_err();
        let expected = json!({
            "verdict": ["must be one of justified, unjustified"],
            "note": ["must have at most 1000 characters"],
        });
        assert_eq!(json!(errors), expected);
    }

    #[test]
    fn names_are_those_of_the_contract() {
        for status in [ReviewStatus::Open, ReviewStatus::Reviewed] {
            assert_eq!(json!(status), status.name());
        }
        for text in ["open", "reviewed", "all"] {
            assert_eq!(text.parse::<ShownReviews>().unwrap().to_string(), text);
        }
        assert_eq!("closed".parse::<ShownReviews>(), Err(InvalidShownReviews));
    }

    #[test]
    fn debug_shows_no_reason() {
        assert!(!format!("{:?}", review()).contains("corridor"));
    }
}
