//! The assignment of a doctor to a patient, in episodes: from when to when, in which role.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::disclosure::Disclosure;
use super::field::FieldErrors;
use super::id::{DoctorId, PatientId, UserId};
use super::period::Period;
use super::reason::ReasonCode;
use super::text_id::text_id;
use super::timestamp::Timestamp;
use super::version::Version;

text_id! {
    /// The id of an episode.
    EpisodeId
}

/// The part of a doctor in a patient's care. Each gives the same access.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "lowercase")]
#[deserr(error = FieldErrors, rename_all = lowercase)]
pub enum CareRole {
    /// At most one doctor of a patient at a time.
    Primary,
    #[default]
    Treating,
    Consulting,
}

/// One episode of an assignment, current or future.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    pub id: EpisodeId,
    pub doctor_id: DoctorId,
    pub role: CareRole,
    #[serde(flatten)]
    pub period: Period,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    pub assigned_at: Timestamp,
    pub assigned_by: UserId,
    /// Increases with every change of role, period and reason.
    pub version: Version,
}

/// An episode that has ended. It is never deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEpisode {
    #[serde(flatten)]
    pub episode: Episode,
    pub patient_id: PatientId,
    /// The account that ended it; `None` if its period was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<ReasonCode>,
    /// Present if it was entered in error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voided: Option<Voided>,
}

/// When, by whom and why an episode was found to be an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    pub at: Timestamp,
    pub by: UserId,
    pub reason: ReasonCode,
}

/// An assignment as clients see it, with the current names of the doctor and the patient.
#[derive(Debug, Clone, Serialize)]
pub struct AssignmentView {
    pub doctor_id: DoctorId,
    pub doctor_name: String,
    pub patient_id: PatientId,
    pub patient_name: String,
    #[serde(flatten)]
    pub terms: TermsView,
}

/// The terms of an assignment as clients see them.
#[derive(Debug, Clone, Serialize)]
pub struct TermsView {
    pub id: EpisodeId,
    pub role: CareRole,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    pub reason: Option<ReasonCode>,
    pub assigned_at: Timestamp,
    pub assigned_by: UserId,
    pub version: Version,
    /// Only of a past episode that an account ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<ReasonCode>,
    /// Only of an episode that was entered in error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voided: Option<Voided>,
}

impl Episode {
    /// Returns the assignment with the names of the doctor and the patient.
    pub fn named(
        self,
        patient: PatientId,
        doctor_name: String,
        patient_name: String,
    ) -> AssignmentView {
        AssignmentView {
            doctor_id: self.doctor_id,
            doctor_name,
            patient_id: patient,
            patient_name,
            terms: self.into(),
        }
    }
}

impl From<Episode> for TermsView {
    fn from(episode: Episode) -> Self {
        Self {
            id: episode.id,
            role: episode.role,
            starts_at: episode.period.starts_at,
            ends_at: episode.period.ends_at,
            reason: episode.reason,
            assigned_at: episode.assigned_at,
            assigned_by: episode.assigned_by,
            version: episode.version,
            ended_by: None,
            end_reason: None,
            voided: None,
        }
    }
}

impl From<PastEpisode> for TermsView {
    fn from(past: PastEpisode) -> Self {
        let PastEpisode { episode, ended_by, end_reason, voided, .. } = past;
        Self { ended_by, end_reason, voided, ..episode.into() }
    }
}

impl Disclosure for AssignmentView {
    fn patients(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// A doctor in a patient's list, or a patient in a doctor's list, with the assignment.
#[derive(Debug, Clone, Serialize)]
pub struct WithAssignment<T> {
    #[serde(flatten)]
    pub record: T,
    pub assigned_at: Timestamp,
    pub assignment: TermsView,
}

impl<T: Disclosure> Disclosure for WithAssignment<T> {
    fn patients(&self) -> Vec<PatientId> {
        self.record.patients()
    }
}
