//! Many assignments in one request. Each of them is a transaction of its own, and each has an outcome of its own.

use super::assignments::{
    Assigned, AssignmentIds, Assignments, CareChange, CareRequest, Decided, NewAssignment,
};
use super::care::Care;
use super::error::StoreError;
use super::load::Load;
use super::stored::{exists, not_found};
use crate::access::{Allowed, Granted, action};
use crate::dynamo::{DynamoError, Items, Key};
use crate::model::assignment::{CareRole, Episode, PastEpisode};
use crate::model::conflict::Conflict;
use crate::model::doctor::DoctorDetails;
use crate::model::field::FieldErrors;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::period::Period;
use crate::model::reason::ReasonCode;
use crate::model::timestamp::Timestamp;

action! {
    /// Makes many assignments.
    AssignMany: AssignmentBatch
}

action! {
    /// Moves patients from one doctor to another.
    TransferPatients: PatientTransfer
}

/// The outcome of one item of a batch.
pub type ItemOutcome<T> = Result<T, StoreError>;

/// Requests for assignments; an item that is not valid is its errors.
#[derive(Debug)]
pub struct AssignmentBatch(Vec<Result<NewAssignment, FieldErrors>>);

/// A request to move patients from one doctor to another.
#[derive(Debug, Clone)]
pub struct Transfer {
    pub patient_ids: Vec<PatientId>,
    pub from_doctor_id: DoctorId,
    pub to_doctor_id: DoctorId,
    pub reason: Option<ReasonCode>,
}

/// A request to move patients, and whether the doctor who gets them exists.
#[derive(Debug)]
pub struct PatientTransfer {
    request: Transfer,
    new_doctor_exists: bool,
}

/// The transfer of one patient.
struct Move<'a> {
    patient_id: PatientId,
    transfer: &'a Transfer,
}

impl Assignments<'_> {
    /// Makes the assignments, one after another, until it `is_late`. Returns the outcome of each. A failure of DynamoDB
    /// fails all of them: repeating the request continues. Calls: for each BatchGetItem and TransactWriteItems; the
    /// second only if it does not exist.
    pub async fn assign_many(
        &self,
        by: Granted<AssignMany>,
        is_late: impl Fn() -> bool,
    ) -> Result<Vec<ItemOutcome<Assigned>>, StoreError> {
        let (now, caller) = (by.at(), by.caller().id());
        let AssignmentBatch(requests) = by.into_target();
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests {
            let outcome = match request {
                Err(errors) => Err(StoreError::Invalid(errors)),
                Ok(_) if is_late() => Err(too_late()),
                Ok(new) => of_item(self.store.change_care(&new, caller, now).await)?,
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Moves the patients, one after another, until it `is_late`. Returns the outcome of each. If the new doctor has a
    /// patient already, only the old assignment ends; the new doctor becomes primary if the old one was. Failures are as
    /// those of [`Assignments::assign_many`]. Calls: for each BatchGetItem and TransactWriteItems.
    pub async fn transfer(
        &self,
        by: Granted<TransferPatients>,
        is_late: impl Fn() -> bool,
    ) -> Result<Vec<(PatientId, ItemOutcome<()>)>, StoreError> {
        let (now, caller) = (by.at(), by.caller().id());
        let PatientTransfer { request, new_doctor_exists } = by.into_target();
        if !new_doctor_exists {
            return Err(not_found::<DoctorDetails>(request.to_doctor_id));
        }
        let mut outcomes = Vec::with_capacity(request.patient_ids.len());
        for &patient_id in &request.patient_ids {
            let outcome = if is_late() {
                Err(too_late())
            } else {
                let moved = Move { patient_id, transfer: &request };
                of_item(self.store.change_care(&moved, caller, now).await)?
            };
            outcomes.push((patient_id, outcome));
        }
        Ok(outcomes)
    }
}

/// Returns the outcome of one item, or the failure of DynamoDB, which is one of all items.
fn of_item<T>(outcome: ItemOutcome<T>) -> Result<ItemOutcome<T>, StoreError> {
    match outcome {
        Err(StoreError::Dynamo(error)) => Err(error.into()),
        outcome => Ok(outcome),
    }
}

fn too_late() -> StoreError {
    DynamoError::Unavailable("the time of the batch ran out".to_owned()).into()
}

impl CareRequest for Move<'_> {
    type Answer = ();

    fn keys(&self) -> Vec<Key> {
        let doctor = Key::record::<DoctorDetails>(self.transfer.to_doctor_id);
        vec![doctor, Key::care(self.patient_id)]
    }

    fn decide(
        &self,
        items: &mut Items,
        by: UserId,
        now: Timestamp,
    ) -> Result<Decided<()>, StoreError> {
        let patient_id = self.patient_id;
        let Transfer { from_doctor_id, to_doctor_id, ref reason, .. } = *self.transfer;
        if !exists::<DoctorDetails>(to_doctor_id, items) {
            return Err(not_found::<DoctorDetails>(to_doctor_id));
        }
        let not_assigned =
            || AssignmentIds { doctor_id: from_doctor_id, patient_id }.not_assigned();
        let before = Care::take(patient_id, items)?.filter(|care| !care.is_deleted());
        let before = before.ok_or_else(not_assigned)?;
        let mut after = before.clone();
        let mut past = after.take_lapsed(now);
        let old = after.episode(from_doctor_id).cloned().ok_or_else(not_assigned)?;
        if let Some(ended) = after.take_episode(from_doctor_id, now) {
            past.push(PastEpisode { ended_by: Some(by), end_reason: reason.clone(), ..ended });
        }
        match after.episode(to_doctor_id).cloned() {
            None => after.add(Episode {
                id: before.next_id(to_doctor_id)?,
                doctor_id: to_doctor_id,
                role: old.role,
                period: Period { starts_at: old.period.starts_at.max(now), ..old.period },
                reason: reason.clone(),
                assigned_at: now,
                assigned_by: by,
                version: 1,
            })?,
            // The patient would have no doctor for a time.
            Some(has) if !covers(&has.period, &old.period, now) => {
                return Err(Conflict::PeriodOverlaps.into());
            }
            Some(has) if old.role == CareRole::Primary && has.role != CareRole::Primary => {
                let version = has.version + 1;
                after.change(Episode { role: CareRole::Primary, version, ..has })?;
            }
            Some(_) => {}
        }
        let change = CareChange { before, after, past, new_doctor: Some(to_doctor_id) };
        Ok(Decided { change: Some(change), answer: () })
    }
}

/// Whether a period contains what is left of another one.
fn covers(period: &Period, other: &Period, now: Timestamp) -> bool {
    let ends_before = |end| other.ends_at.is_none_or(|other| end < other);
    period.starts_at <= other.starts_at.max(now) && !period.ends_at.is_some_and(ends_before)
}

impl Load for AssignmentBatch {
    type Name = Vec<Result<NewAssignment, FieldErrors>>;
    type Found = ();

    fn build(
        requests: Self::Name,
        _allowed: &Allowed,
        _items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        Ok(Self(requests))
    }
}

impl Load for PatientTransfer {
    type Name = Transfer;
    type Found = ();

    fn keys(request: &Transfer) -> Vec<Key> {
        vec![Key::record::<DoctorDetails>(request.to_doctor_id)]
    }

    fn build(
        request: Transfer,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let new_doctor_exists = exists::<DoctorDetails>(request.to_doctor_id, items);
        Ok(Self { request, new_doctor_exists })
    }
}
