//! Emergency access: an account opens the record of a patient whom it cannot see otherwise.
//!
//! An access is two items that one transaction writes: a row in the patient's partition, which is read with the caller
//! and gives access until its end, and its open review. `emergency_reviews` closes the review.

use std::collections::BTreeSet;

use super::admins::ids_in;
use super::error::StoreError;
use super::expiring::{Expires, expiring};
use super::keys::EMERGENCY_PREFIX;
use super::load::Load;
use super::stored::{alive, exists, not_found};
use super::tables::Store;
use crate::access::{Allowed, Basis, Granted, action};
use crate::dynamo::{self, Expression, Items, Key, Outcome, ReadPlan};
use crate::model::conflict::Conflict;
use crate::model::email::Email;
use crate::model::emergency::{EmergencyAccess, EmergencyId, NewEmergency};
use crate::model::emergency_review::{EmergencyReview, ReviewStatus};
use crate::model::id::{PatientId, UserId};
use crate::model::patient::PatientDetails;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;

/// The most administrators who get a mail about an access.
const MAX_NOTIFIED: usize = 50;

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

/// A patient, the caller's row in the patient's partition, and the administrators, as one consistent read found them.
#[derive(Debug)]
pub struct EmergencyToGrant {
    request: EmergencyRequest,
    patient_exists: bool,
    /// It may be over.
    latest: Option<EmergencyAccess>,
    /// The active administrators.
    admins: BTreeSet<UserId>,
}

/// An access that was opened.
#[derive(Debug)]
pub struct OpenedEmergency {
    pub review: EmergencyReview,
    /// The administrators who were active before it was opened.
    admins: BTreeSet<UserId>,
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
        let EmergencyToGrant { request, patient_exists, latest, .. } = by.target();
        let current = latest.as_ref().filter(|access| access.is_current(by.at()));
        match (current, by.basis()) {
            (Some(access), _) => {
                self.store.note_object(&access.id);
                Ok(Some(access.clone()))
            }
            (None, Basis::Emergency) => Ok(None),
            (None, _) if *patient_exists => Err(Conflict::HasAccess.into()),
            (None, _) => Err(not_found::<PatientDetails>(request.patient_id)),
        }
    }

    /// Opens access with this id for a caller who has none. Refuses a patient who does not exist only here, when the
    /// grant is counted: nobody finds out many ids. Calls: TransactWriteItems.
    pub async fn grant(
        &self,
        by: Granted<GrantEmergencyAccess>,
        id: EmergencyId,
    ) -> Result<OpenedEmergency, StoreError> {
        let (now, user_id) = (by.at(), by.caller().id());
        let EmergencyToGrant { request, patient_exists, latest, admins } = by.into_target();
        let EmergencyRequest { patient_id, emergency } = request;
        if !patient_exists {
            return Err(not_found::<PatientDetails>(patient_id));
        }
        let review = EmergencyReview::open(id, patient_id, user_id, emergency, now);
        self.open(&review, latest.as_ref()).await?;
        Ok(OpenedEmergency { review, admins })
    }

    /// Returns the verified addresses of the administrators who may review an access: those who are active now, except
    /// the one who opened it, because nobody reviews their own access. Of more than 50 administrators, those with the
    /// lowest ids are asked. Calls: BatchGetItem; none without administrators.
    pub async fn reviewers(&self, opened: &OpenedEmergency) -> Result<Vec<Email>, StoreError> {
        let others = opened.admins.iter().filter(|id| **id != opened.review.user_id);
        let keys = others.take(MAX_NOTIFIED).map(|id| Key::user(Some(*id))).collect();
        let items = self.store.main.batch_get(ReadPlan::whole(keys)).await?;
        let users = items.into_iter().map(dynamo::parse::<User>);
        let users: Vec<User> = users.collect::<Result<_, _>>()?;
        let may_review = |user: &User| user.is_active_admin() && user.email_verified;
        Ok(users.into_iter().filter(may_review).map(|user| user.email).collect())
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
        match self.store.commit_of(&review.id, transaction).await? {
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
        vec![Key::record::<PatientDetails>(request.patient_id), Key::admins()]
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
        let admins = ids_in(items.get(&Key::admins()));
        Ok(Self { request, patient_exists, latest, admins })
    }
}
