//! Many assignments in one request. Each of them is a transaction of its own, and each has an outcome of its own.

use super::assignments::{Assigned, AssignmentIds, Assignments, NewAssignment};
use super::error::StoreError;
use super::load::Load;
use super::moves::{IfShorter, Move, check_new_doctor, new_doctor_keys};
use crate::access::{Allowed, Granted, action};
use crate::audit::Subjects;
use crate::dynamo::{DynamoError, Items, Key};
use crate::model::field::FieldErrors;
use crate::model::id::{DoctorId, PatientId};
use crate::model::reason::ReasonCode;

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

/// A request to move patients, and whether the doctor who is to get them may get any.
#[derive(Debug)]
pub struct PatientTransfer {
    request: Transfer,
    new_doctor: Result<(), StoreError>,
}

impl Assignments<'_> {
    /// Makes the assignments, one after another, until it `is_late`. Returns the outcome of each, with the ids of a valid
    /// item. A failure of DynamoDB fails all of them: repeating the request continues. Calls: for each BatchGetItem and
    /// TransactWriteItems; the second only if it does not exist.
    pub async fn assign_many(
        &self,
        by: Granted<AssignMany>,
        is_late: impl Fn() -> bool,
    ) -> Result<Vec<(Option<AssignmentIds>, ItemOutcome<Assigned>)>, StoreError> {
        let (now, caller) = (by.at(), by.caller().id());
        let AssignmentBatch(requests) = by.into_target();
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests {
            let ids = request.as_ref().ok().map(|new| new.ids);
            let outcome = match request {
                Err(errors) => Err(StoreError::Invalid(errors)),
                Ok(_) if is_late() => Err(too_late()),
                Ok(new) => of_item(self.store.change_care(&new, caller, now).await)?,
            };
            outcomes.push((ids, outcome));
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
        let PatientTransfer { request, new_doctor } = by.into_target();
        // Every row of the transfer names them, also those of failed items.
        let doctors = [request.from_doctor_id, request.to_doctor_id];
        self.store.entry.note(|facts| facts.subjects.doctors.extend(doctors));
        new_doctor?;
        let mut outcomes = Vec::with_capacity(request.patient_ids.len());
        for &patient_id in &request.patient_ids {
            let outcome = if is_late() {
                Err(too_late())
            } else {
                let moved = request.of(patient_id);
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

impl Transfer {
    /// Returns the move of one patient.
    fn of(&self, patient_id: PatientId) -> Move<'_> {
        let Self { from_doctor_id, to_doctor_id, ref reason, .. } = *self;
        let (reason, if_shorter) = (reason.as_ref(), IfShorter::Refuse);
        Move { patient_id, from_doctor_id, to_doctor_id, reason, if_shorter }
    }
}

impl Load for AssignmentBatch {
    type Name = Vec<Result<NewAssignment, FieldErrors>>;
    type Found = ();

    fn batch(requests: &Self::Name) -> Vec<Subjects> {
        requests.iter().flatten().map(|new| new.ids.into()).collect()
    }

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
        new_doctor_keys(request.to_doctor_id).into()
    }

    fn batch(request: &Transfer) -> Vec<Subjects> {
        let doctors = [request.from_doctor_id, request.to_doctor_id];
        let of_item = |patient_id: &PatientId| Subjects {
            patients: [*patient_id].into(),
            doctors: doctors.into(),
            ..Subjects::default()
        };
        request.patient_ids.iter().map(of_item).collect()
    }

    fn build(
        request: Transfer,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let new_doctor = check_new_doctor(request.to_doctor_id, items);
        Ok(Self { request, new_doctor })
    }
}
