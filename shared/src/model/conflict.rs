//! Refusals of the rules of care, each with a code of its own.

use super::field::FieldErrors;

/// Why a change of links, assignments, covers, hand-overs or emergency access conflicts with existing data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum Conflict {
    /// Another account has the doctor or the patient of this field.
    AlreadyLinked(&'static str),
    /// The doctor has the patient already, in another role or for another time.
    PeriodOverlaps,
    /// Another doctor is primary at the same time.
    PrimaryTaken,
    TooManyDoctors,
    /// A doctor who is to be deleted has patients.
    HasPatients,
    TooManyCovers,
    TooManyProxies,
    /// A doctor who hands over all patients gets no new ones.
    HandingOver,
    /// A hand-over that a worker has begun cannot be cancelled.
    AlreadyBegun,
    /// The account sees the patient without emergency access.
    HasAccess,
    /// The account opened the emergency access itself.
    OwnReview,
    AlreadyReviewed,
}

impl Conflict {
    /// The stable, machine-readable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AlreadyLinked(_) => "already_linked",
            Self::PeriodOverlaps => "period_overlaps",
            Self::PrimaryTaken => "primary_taken",
            Self::TooManyDoctors => "too_many_doctors",
            Self::HasPatients => "has_patients",
            Self::TooManyCovers => "too_many_covers",
            Self::TooManyProxies => "too_many_proxies",
            Self::HandingOver => "handing_over",
            Self::AlreadyBegun => "already_begun",
            Self::HasAccess => "has_access",
            Self::OwnReview => "own_review",
            Self::AlreadyReviewed => "already_reviewed",
        }
    }

    pub const fn detail(self) -> &'static str {
        match self {
            Self::AlreadyLinked(_) => "Another account is linked to this record; see errors.",
            Self::PeriodOverlaps => {
                "The doctor has this patient already, in another role or for another time."
            }
            Self::PrimaryTaken => "The patient has another primary doctor at this time.",
            Self::TooManyDoctors => "A patient can have at most 20 doctors, now and later.",
            Self::HasPatients => {
                "The doctor has patients. Transfer them first, or repeat with ?force=true to end the assignments."
            }
            Self::TooManyCovers => "A doctor can cover at most 5 doctors.",
            Self::TooManyProxies => {
                "A patient can have at most 20 proxies, and an account can be a proxy of at most 20 patients."
            }
            Self::HandingOver => {
                "The doctor hands over all patients to another doctor, and gets no new ones until that is done."
            }
            Self::AlreadyBegun => "The hand-over has begun or is done, so it cannot be cancelled.",
            Self::HasAccess => "Your account sees this patient without emergency access.",
            Self::OwnReview => {
                "Another administrator must review the emergency access of your account."
            }
            Self::AlreadyReviewed => "This emergency access was reviewed before.",
        }
    }

    /// The field that conflicts, if it is one field.
    pub fn errors(self) -> Option<FieldErrors> {
        match self {
            Self::AlreadyLinked(field) => {
                Some(FieldErrors::one(field, "is linked to another account"))
            }
            _ => None,
        }
    }
}
