//! Assignments changed, ended, and marked as entered in error.

use super::assignments::{
    AssignmentIds, Assignments, DoctorAndPatient, Existing, IN_THE_PAST, NamesAssignment, check_end,
};
use super::care::{Care, past_keys};
use super::care_changes::{CareChange, Decided};
use super::error::StoreError;
use super::keys::PAST_PREFIX;
use super::load::Load;
use crate::access::{Allowed, Granted, action};
use crate::dynamo::{self, Expression, Items, Key, Outcome, Query};
use crate::model::assignment::{AssignmentView, CareRole, Episode, EpisodeId, PastEpisode, Voided};
use crate::model::field::FieldErrors;
use crate::model::id::{PatientId, UserId};
use crate::model::patient::PatientDetails;
use crate::model::period::Period;
use crate::model::precondition::Preconditions;
use crate::model::reason::ReasonCode;
use crate::model::timestamp::Timestamp;

action! {
    /// Changes role, period or reason of an assignment.
    UpdateAssignment: DoctorAndPatient<AssignmentChange>
}

action! {
    /// Ends an assignment, now or later.
    EndAssignment: AssignmentToEnd
}

action! {
    /// Marks an assignment as entered in error.
    VoidAssignment: AssignmentToVoid
}

/// A request to change an assignment; `None` leaves a field unchanged, and `Some(None)` removes it.
#[derive(Debug, Clone)]
pub struct AssignmentChange {
    pub ids: AssignmentIds,
    pub role: Option<CareRole>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Option<Timestamp>>,
    pub reason: Option<Option<ReasonCode>>,
}

/// A request to end an assignment.
#[derive(Debug, Clone)]
pub struct EndingAssignment {
    pub ids: AssignmentIds,
    /// Now if `None`.
    pub ends_at: Option<Timestamp>,
    /// Why it ends.
    pub reason: Option<ReasonCode>,
}

/// A request to mark an assignment as entered in error, whether it has ended or not.
#[derive(Debug, Clone)]
pub struct VoidingAssignment {
    pub patient_id: PatientId,
    pub assignment_id: EpisodeId,
    pub reason: ReasonCode,
}

/// A request to end an assignment, and the patient's care; `None` if the patient never had a doctor.
#[derive(Debug)]
pub struct AssignmentToEnd {
    request: EndingAssignment,
    care: Option<Care>,
}

/// As [`AssignmentToEnd`], for an assignment that was entered in error.
#[derive(Debug)]
pub struct AssignmentToVoid {
    request: VoidingAssignment,
    care: Option<Care>,
}

impl Assignments<'_> {
    /// Changes the assignment. Calls: TransactWriteItems; none if nothing changes.
    pub async fn update(
        &self,
        by: Granted<UpdateAssignment>,
        preconditions: &Preconditions,
    ) -> Result<AssignmentView, StoreError> {
        let now = by.at();
        let DoctorAndPatient { request, found } = by.into_target();
        let existing = found.existing(request.ids)?;
        self.store.make(request.decide(existing, preconditions, now)?).await
    }

    /// Ends the assignment. Calls: TransactWriteItems; none if it is to end at that moment already.
    pub async fn end(&self, by: Granted<EndAssignment>) -> Result<(), StoreError> {
        let (now, caller) = (by.at(), by.caller().id());
        let AssignmentToEnd { request, care } = by.into_target();
        self.store.make(request.decide(care, caller, now)?).await
    }

    /// Marks the assignment as entered in error, and ends it if it has not ended. Calls: TransactWriteItems; before it,
    /// if the assignment has ended, Query for every megabyte of the patient's past assignments. None of them if it is
    /// marked already.
    pub async fn void(&self, by: Granted<VoidAssignment>) -> Result<(), StoreError> {
        let (now, caller) = (by.at(), by.caller().id());
        let AssignmentToVoid { request, care } = by.into_target();
        let voided = Voided { at: now, by: caller, reason: request.reason.clone() };
        match care.and_then(|care| request.decide(care, &voided)) {
            Some(decided) => {
                self.store.note_object(&request.assignment_id);
                self.store.make(decided).await
            }
            None => {
                let past = self.find_past(&request).await?;
                self.store.note_object(&past.episode.id);
                self.void_past(past, voided).await
            }
        }
    }

    async fn find_past(&self, request: &VoidingAssignment) -> Result<PastEpisode, StoreError> {
        let VoidingAssignment { patient_id, assignment_id, .. } = request;
        let Key { pk, .. } = Key::record::<PatientDetails>(*patient_id);
        let mut after = None;
        loop {
            let query = Query::partition(&pk).beginning_with(PAST_PREFIX).after(after);
            let rows = self.store.main.query(query).await?;
            after = rows.next(|last| Some(last.clone()))?;
            let id = Some(assignment_id.as_str());
            if let Some(row) = rows.items.into_iter().find(|row| dynamo::string(row, "id") == id) {
                return Ok(dynamo::parse(row)?);
            }
            if after.is_none() {
                let thing = format!("assignment {assignment_id} of patient {patient_id}");
                return Err(StoreError::not_found(thing));
            }
        }
    }

    async fn void_past(&self, past: PastEpisode, voided: Voided) -> Result<(), StoreError> {
        if past.voided.is_some() {
            return Ok(());
        }
        let past = PastEpisode { voided: Some(voided), ..past };
        let mut transaction = self.store.main.transaction();
        for key in past_keys(&past)? {
            let row = dynamo::write(&past, key)?;
            let is_valid = "attribute_exists(pk) AND attribute_not_exists(voided)";
            transaction = transaction.put_if(row, Expression::only(is_valid), ());
        }
        self.store.note_fields(["voided"]);
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }
}

impl AssignmentChange {
    fn decide(
        &self,
        existing: Existing,
        preconditions: &Preconditions,
        now: Timestamp,
    ) -> Result<Decided<AssignmentView>, StoreError> {
        let AssignmentIds { doctor_id, patient_id } = self.ids;
        let Existing { doctor_name, patient_name, care: before } = existing;
        let mut after = before.clone();
        let past = after.take_lapsed(now);
        let current = after.episode(doctor_id).cloned();
        let current = current.ok_or_else(|| self.ids.not_assigned())?;
        let next = self.applied(current.clone());
        let is_done = next == current;
        preconditions.permit_change(current.version, is_done)?;
        if is_done {
            let answer = current.named(patient_id, doctor_name, patient_name);
            return Ok(Decided { change: None, answer });
        }
        check_change(&current.period, &next.period, now).map_err(StoreError::Invalid)?;
        let next = Episode { version: current.version + 1, ..next };
        after.change(next.clone())?;
        let change = CareChange { before, after, past, new_doctor: None };
        let answer = next.named(patient_id, doctor_name, patient_name);
        Ok(Decided { change: Some(change), answer })
    }

    fn applied(&self, current: Episode) -> Episode {
        let Period { starts_at, ends_at } = current.period;
        Episode {
            role: self.role.unwrap_or(current.role),
            period: Period {
                starts_at: self.starts_at.unwrap_or(starts_at),
                ends_at: self.ends_at.unwrap_or(ends_at),
            },
            reason: self.reason.clone().unwrap_or(current.reason),
            ..current
        }
    }
}

/// Checks the change of a period: what has begun has begun, and nothing begins or ends in the past.
fn check_change(current: &Period, next: &Period, now: Timestamp) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if next.starts_at != current.starts_at {
        if current.starts_at <= now {
            errors.add("starts_at", "cannot change, because the assignment has begun");
        } else if next.starts_at < now {
            errors.add("starts_at", IN_THE_PAST);
        }
    }
    check_end(next, now, &mut errors);
    errors.or(())
}

impl EndingAssignment {
    /// Ends it now.
    pub fn of(ids: AssignmentIds) -> Self {
        Self { ids, ends_at: None, reason: None }
    }

    fn decide(
        &self,
        care: Option<Care>,
        by: UserId,
        now: Timestamp,
    ) -> Result<Decided<()>, StoreError> {
        let doctor_id = self.ids.doctor_id;
        let before = care.ok_or_else(|| self.ids.not_assigned())?;
        let mut after = before.clone();
        let mut past = after.take_lapsed(now);
        let current = after.episode(doctor_id).cloned();
        let current = current.ok_or_else(|| self.ids.not_assigned())?;
        let end = self.ends_at.unwrap_or(now);
        if end < now {
            return Err(StoreError::Invalid(FieldErrors::one("ends_at", IN_THE_PAST)));
        }
        if end > now {
            let period = Period { ends_at: Some(end), ..current.period };
            let mut errors = FieldErrors::default();
            check_end(&period, now, &mut errors);
            errors.or(()).map_err(StoreError::Invalid)?;
            let planned = before.planned_end(&current.id).and_then(|end| end.reason.as_ref());
            if period == current.period
                && (self.reason.is_none() || planned == self.reason.as_ref())
            {
                return Ok(Decided { change: None, answer: () });
            }
            let next = Episode { period, version: current.version + 1, ..current };
            after.plan_end(next, by, self.reason.clone())?;
        } else if let Some(ended) = after.take_episode(doctor_id, now) {
            let end_reason = self.reason.clone();
            past.push(PastEpisode { ended_by: Some(by), end_reason, ..ended });
        }
        let change = CareChange { before, after, past, new_doctor: None };
        Ok(Decided { change: Some(change), answer: () })
    }
}

impl VoidingAssignment {
    /// Decides about an assignment that is in the patient's care; `None` for another one.
    fn decide(&self, before: Care, voided: &Voided) -> Option<Decided<()>> {
        let episodes = before.episodes();
        let doctor_id = episodes.iter().find(|it| it.id == self.assignment_id)?.doctor_id;
        let mut after = before.clone();
        // Its period may be over.
        let mut past = after.take_lapsed(voided.at);
        if let Some(ended) = after.take_episode(doctor_id, voided.at) {
            let (ended_by, end_reason) = (Some(voided.by), Some(voided.reason.clone()));
            past.push(PastEpisode { ended_by, end_reason, ..ended });
        }
        for it in past.iter_mut().filter(|it| it.episode.id == self.assignment_id) {
            it.voided = Some(voided.clone());
        }
        let change = CareChange { before, after, past, new_doctor: None };
        Some(Decided { change: Some(change), answer: () })
    }
}

impl NamesAssignment for AssignmentChange {
    const IS_NEW: bool = false;

    fn ids(&self) -> AssignmentIds {
        self.ids
    }
}

impl Load for AssignmentToEnd {
    type Name = EndingAssignment;
    type Found = ();

    fn keys(request: &EndingAssignment) -> Vec<Key> {
        vec![Key::care(request.ids.patient_id)]
    }

    fn patient(request: &EndingAssignment) -> Option<PatientId> {
        Some(request.ids.patient_id)
    }

    fn build(
        request: EndingAssignment,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let care = Care::take(request.ids.patient_id, items)?;
        Ok(Self { request, care })
    }
}

impl Load for AssignmentToVoid {
    type Name = VoidingAssignment;
    type Found = ();

    fn keys(request: &VoidingAssignment) -> Vec<Key> {
        vec![Key::care(request.patient_id)]
    }

    fn patient(request: &VoidingAssignment) -> Option<PatientId> {
        Some(request.patient_id)
    }

    fn build(
        request: VoidingAssignment,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let care = Care::take(request.patient_id, items)?;
        Ok(Self { request, care })
    }
}
