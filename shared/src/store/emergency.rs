//! Emergency access: an account opens the record of a patient whom it cannot see otherwise.
//!
//! An access is two items that one transaction writes: a row in the patient's partition, which is read with the caller
//! and gives access until its end, and its open review. `emergency_reviews` closes the review.

use super::error::StoreError;
use super::expiring::{Expires, expiring};
use super::keys::EMERGENCY_PREFIX;
use super::load::Load;
use super::stored::{alive, exists, not_found};
use super::tables::Store;
use crate::access::{Allowed, Basis, Granted, action};
use crate::dynamo::{self, Expression, Items, Key, Outcome};
use crate::model::conflict::Conflict;
use crate::model::emergency::{EmergencyAccess, EmergencyId, NewEmergency};
use crate::model::emergency_review::{EmergencyReview, ReviewStatus};
use crate::model::id::PatientId;
use crate::model::patient::PatientDetails;
use crate::model::timestamp::Timestamp;

action! {
    /// Opens emergency access to a patient.
    GrantEmergencyAccess: EmergencyToGrant
}

/// Emergency access to all patients, and its reviews.
#[derive(Debug)]
pub struct Emergencies<'a> {
    pub(super) store: &'a Store,
}

/// The emergency access that a request asks for.
#[derive(Debug, Clone)]
pub struct EmergencyRequest {
    pub patient_id: PatientId,
    pub emergency: NewEmergency,
}

/// A patient, and the caller's row in the patient's partition, as one consistent read found them.
#[derive(Debug)]
pub struct EmergencyToGrant {
    request: EmergencyRequest,
    patient_exists: bool,
    /// It may be over.
    latest: Option<EmergencyAccess>,
}

impl Expires for EmergencyAccess {
    fn expires_at(&self) -> Timestamp {
        self.ends_at
    }
}

impl Store {
    pub fn emergencies(&self) -> Emergencies<'_> {
        Emergencies { store: self }
    }
}

impl Emergencies<'_> {
    /// Returns the access that the caller has now, if there is one. Refuses a patient whom the caller sees without it.
    /// Calls: none; the items were read with the caller.
    pub fn current(
        &self,
        by: &Granted<GrantEmergencyAccess>,
    ) -> Result<Option<EmergencyAccess>, StoreError> {
        let EmergencyToGrant { request, patient_exists, latest } = by.target();
        let current = latest.as_ref().filter(|access| access.is_current(by.at()));
        match (current, by.basis()) {
            (Some(access), _) => Ok(Some(access.clone())),
            (None, Basis::Emergency) => Ok(None),
            (None, _) if *patient_exists => Err(Conflict::HasAccess.into()),
            (None, _) => Err(not_found::<PatientDetails>(request.patient_id)),
        }
    }

    /// Opens access with this id for a caller who has none. Returns its review. Refuses a patient who does not exist only
    /// here, when the grant is counted: nobody finds out many ids. Calls: TransactWriteItems.
    pub async fn grant(
        &self,
        by: Granted<GrantEmergencyAccess>,
        id: EmergencyId,
    ) -> Result<EmergencyReview, StoreError> {
        let (now, user_id) = (by.at(), by.caller().id());
        let EmergencyToGrant { request, patient_exists, latest } = by.into_target();
        let EmergencyRequest { patient_id, emergency } = request;
        if !patient_exists {
            return Err(not_found::<PatientDetails>(patient_id));
        }
        let review = EmergencyReview::open(id, patient_id, user_id, emergency, now);
        self.open(&review, latest.as_ref()).await?;
        Ok(review)
    }

    /// Writes an access and its review. `latest` is the row of an earlier access that the new one replaces.
    pub(crate) async fn open(
        &self,
        review: &EmergencyReview,
        latest: Option<&EmergencyAccess>,
    ) -> Result<(), StoreError> {
        let access = review.access();
        let row = dynamo::write(&access, Key::emergency(access.patient_id, access.user_id))?;
        let is_unchanged = match latest {
            Some(latest) => Expression::only("#id = :id").text(":id", &latest.id),
            None => Expression::absent(),
        };
        let of_review = Key::emergency_review(ReviewStatus::Open, &review.id);
        let transaction = self
            .store
            .main
            .transaction()
            .require(Key::record::<PatientDetails>(access.patient_id), alive(), ())
            .put_if(expiring(row, access.expires_at()), is_unchanged, ())
            .put_new(dynamo::write(review, of_review)?, ());
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }
}

impl Load for EmergencyToGrant {
    type Name = EmergencyRequest;
    type Found = ();

    /// The caller's row is among the keys of the relation.
    fn keys(request: &EmergencyRequest) -> Vec<Key> {
        vec![Key::record::<PatientDetails>(request.patient_id)]
    }

    fn patient(request: &EmergencyRequest) -> Option<PatientId> {
        Some(request.patient_id)
    }

    fn build(
        request: EmergencyRequest,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let patient_exists = exists::<PatientDetails>(request.patient_id, items);
        let partition = Key::record::<PatientDetails>(request.patient_id).pk;
        // Only the caller's own was read.
        let latest = items.take_beginning(&partition, EMERGENCY_PREFIX);
        let latest = latest.map(dynamo::parse).transpose()?;
        Ok(Self { request, patient_exists, latest })
    }
}
