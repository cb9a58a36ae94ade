//! The move of a patient from one doctor to another: of a transfer, or of a hand-over.

use super::assignments::AssignmentIds;
use super::care::Care;
use super::care_changes::{CareChange, CareRequest, Decided};
use super::error::StoreError;
use super::stored::{exists, not_found};
use crate::dynamo::{Items, Key};
use crate::model::assignment::{CareRole, Episode, PastEpisode};
use crate::model::conflict::Conflict;
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::period::Period;
use crate::model::reason::ReasonCode;
use crate::model::timestamp::Timestamp;

/// The old doctor's assignment ends now, and the new doctor gets one of the same role and end. If the new doctor has
/// the patient already, only the old assignment ends; the new doctor becomes primary if the old one was.
pub(super) struct Move<'a> {
    pub patient_id: PatientId,
    pub from_doctor_id: DoctorId,
    pub to_doctor_id: DoctorId,
    pub reason: Option<&'a ReasonCode>,
    /// The rule if the new doctor has the patient already, but not for all of the old doctor's time.
    pub if_shorter: IfShorter,
}

/// See [`Move::if_shorter`]. The patient would have no doctor for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfShorter {
    /// The move is refused.
    Refuse,
    /// The new doctor has the patient for both times, if no time is between them. Otherwise the move is refused: the
    /// new doctor would have the patient for a time for which nobody chose a doctor.
    Extend,
}

impl Move<'_> {
    /// Decides what the patient's care becomes, from the items at [`CareRequest::keys`]; `None` if the old doctor does
    /// not have the patient.
    pub(super) fn change(
        &self,
        items: &mut Items,
        by: UserId,
        now: Timestamp,
    ) -> Result<Option<CareChange>, StoreError> {
        let Self { patient_id, from_doctor_id, to_doctor_id, reason, if_shorter } = *self;
        let before = Care::take(patient_id, items)?.filter(|care| !care.is_deleted());
        let Some(before) = before else { return Ok(None) };
        let mut after = before.clone();
        let mut past = after.take_lapsed(now);
        let old = after.episode(from_doctor_id).filter(|it| !it.period.has_ended(now));
        let Some(old) = old.cloned() else { return Ok(None) };
        check_new_doctor(to_doctor_id, items)?;
        if let Some(ended) = after.take_episode(from_doctor_id, now) {
            past.push(PastEpisode { ended_by: Some(by), end_reason: reason.cloned(), ..ended });
        }
        let rest = Period { starts_at: old.period.starts_at.max(now), ..old.period };
        match after.episode(to_doctor_id).cloned() {
            None => after.add(Episode {
                id: before.next_id(to_doctor_id)?,
                doctor_id: to_doctor_id,
                role: old.role,
                period: rest,
                reason: reason.cloned(),
                assigned_at: now,
                assigned_by: by,
                version: 1,
            })?,
            Some(has) => {
                let joined = has.period.joined(&rest);
                let permitted =
                    joined.filter(|it| *it == has.period || if_shorter == IfShorter::Extend);
                let period = permitted.ok_or(Conflict::PeriodOverlaps)?;
                let role = if old.role == CareRole::Primary { old.role } else { has.role };
                if (role, period) != (has.role, has.period) {
                    let version = has.version + 1;
                    after.change(Episode { role, period, version, ..has })?;
                }
            }
        }
        Ok(Some(CareChange { before, after, past, new_doctor: Some(to_doctor_id) }))
    }
}

/// Refuses a doctor who does not exist, or who hands over all patients.
pub(super) fn check_new_doctor(doctor: DoctorId, items: &Items) -> Result<(), StoreError> {
    if !exists::<DoctorDetails>(doctor, items) {
        return Err(not_found::<DoctorDetails>(doctor));
    }
    if items.get(&Key::handing_over(doctor)).is_some() {
        return Err(Conflict::HandingOver.into());
    }
    Ok(())
}

/// Returns the keys of the items that [`check_new_doctor`] looks at.
pub(super) fn new_doctor_keys(doctor: DoctorId) -> [Key; 2] {
    [Key::record::<DoctorDetails>(doctor), Key::handing_over(doctor)]
}

impl CareRequest for Move<'_> {
    type Answer = ();

    fn keys(&self) -> Vec<Key> {
        let care = Key::care(self.patient_id);
        new_doctor_keys(self.to_doctor_id).into_iter().chain([care]).collect()
    }

    fn decide(
        &self,
        items: &mut Items,
        by: UserId,
        now: Timestamp,
    ) -> Result<Decided<()>, StoreError> {
        let change = self.change(items, by, now)?;
        let ids = AssignmentIds { doctor_id: self.from_doctor_id, patient_id: self.patient_id };
        let change = change.ok_or_else(|| ids.not_assigned())?;
        Ok(Decided { change: Some(change), answer: () })
    }
}
