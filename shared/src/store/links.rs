//! Links of accounts: the doctor or the patient who an account's owner is. A record is linked to one account at most.
//!
//! A link is an attribute of the account and an item that is named after the record. Both change in one transaction.

use serde::Serialize;

use super::error::StoreError;
use super::load::Nothing;
use super::stored::{alive, record_in};
use super::tables::Store;
use crate::access::{Granted, action};
use crate::dynamo::{self, Key, Transaction};
use crate::model::conflict::Conflict;
use crate::model::doctor::{Doctor, DoctorDetails};
use crate::model::id::{Id, UserId};
use crate::model::patient::{Patient, PatientDetails};
use crate::model::record::{Details, Record};

action! {
    /// Reads the patient who the caller is.
    ReadOwnPatient: Nothing
}

action! {
    /// Reads the doctor who the caller is.
    ReadOwnDoctor: Nothing
}

/// The records that accounts can be linked to.
pub trait Linked: Details {
    /// The attribute of an account with the id of its record; also the field of a change.
    const FIELD: &'static str;
}

impl Linked for DoctorDetails {
    const FIELD: &'static str = "doctor_id";
}

impl Linked for PatientDetails {
    const FIELD: &'static str = "patient_id";
}

/// The item of a link.
#[derive(Debug, Serialize)]
struct Link {
    user_id: UserId,
}

/// Why an account was not linked to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRefusal {
    /// No record of this kind has this id.
    Missing(&'static str, u64),
    /// Another account has the record of this field.
    Taken(&'static str),
}

/// Adds to a transaction the items of a change of an account's link; nothing if the link stays. The transaction changes
/// the account's attribute on the condition that the account is unchanged.
pub fn relink<'a, D: Linked, R: Copy>(
    transaction: Transaction<'a, R>,
    user_id: UserId,
    current: Option<D::Id>,
    next: Option<D::Id>,
    refusal: fn(LinkRefusal) -> R,
) -> Result<Transaction<'a, R>, StoreError> {
    let mut transaction = transaction;
    if current == next {
        return Ok(transaction);
    }
    if let Some(id) = current {
        transaction = transaction.delete(Key::link::<D>(id));
    }
    if let Some(id) = next {
        let link = dynamo::write(&Link { user_id }, Key::link::<D>(id))?;
        transaction = transaction
            .require(
                Key::record::<D>(id),
                alive(),
                refusal(LinkRefusal::Missing(D::KIND, id.get())),
            )
            .put_new(link, refusal(LinkRefusal::Taken(D::FIELD)));
    }
    Ok(transaction)
}

/// Returns the error of refused links; `None` if there are none. It names all records that do not exist.
pub fn refused(refusals: &[LinkRefusal]) -> Option<StoreError> {
    let mut missing = Vec::new();
    let mut taken = None;
    for refusal in refusals {
        match *refusal {
            LinkRefusal::Missing(kind, id) => missing.push(format!("{kind} {id}")),
            LinkRefusal::Taken(field) => taken = taken.or(Some(field)),
        }
    }
    if missing.is_empty() {
        taken.map(|field| Conflict::AlreadyLinked(field).into())
    } else {
        Some(StoreError::not_found(missing.join(" and no ")))
    }
}

impl Store {
    /// Returns the patient who the caller is. Calls: GetItem; none without a link.
    pub async fn own_patient(&self, by: Granted<ReadOwnPatient>) -> Result<Patient, StoreError> {
        let id = by.caller().user().patient_id;
        self.showing(id, self.own_record::<PatientDetails>(id)).await
    }

    /// Returns the doctor who the caller is. Calls: GetItem; none without a link.
    pub async fn own_doctor(&self, by: Granted<ReadOwnDoctor>) -> Result<Doctor, StoreError> {
        self.own_record::<DoctorDetails>(by.caller().user().doctor_id).await
    }

    async fn own_record<D: Details>(&self, id: Option<D::Id>) -> Result<Record<D>, StoreError> {
        let item = match id {
            Some(id) => self.main.get(Key::record::<D>(id)).await?,
            None => None,
        };
        let record = item.map(record_in::<D>).transpose()?.flatten();
        record.ok_or_else(|| StoreError::not_found(format!("{} of your account", D::KIND)))
    }
}
