//! How an account is related to the patient or the doctor whom a request is about.

use super::act::Act;
use super::actor::Actor;
use super::basis::Basis;
use crate::dynamo::{DynamoError, Expression, Items, Key};
use crate::model::id::{DoctorId, PatientId};
use crate::model::proxy::ProxyScope;
use crate::model::timestamp::Timestamp;

/// The act of a request, and the patient or the doctor whom it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    pub act: Act,
    pub patient: Option<PatientId>,
    pub doctor: Option<DoctorId>,
}

/// A relation, as it was read with the request.
#[derive(Debug, Clone, Default)]
pub struct Relation {
    /// Only the patient's doctors, their covers, the patient and the patient's proxies have access, except in an
    /// emergency.
    pub restricted: bool,
    /// The record is the account's own.
    pub own: bool,
    /// The account acts for the patient.
    pub proxy: Option<ProxyScope>,
    /// The account's doctor treats the patient; or the doctor whom the request is about treats the account's patient.
    pub assigned: bool,
    /// The account's doctor covers a doctor who treats the patient, or the doctor whom the request is about.
    pub covering: bool,
    /// The account has emergency access to the patient now.
    pub emergency: bool,
    /// The doctors whom the account's doctor covers now.
    pub covered: Vec<DoctorId>,
    /// The rows that state it, each with the condition that it is unchanged.
    pub proofs: Vec<Proof>,
}

/// A row that gives access, and the condition that it is still as it was read. A write that depends on the access
/// checks it in its own transaction.
#[derive(Debug, Clone)]
pub struct Proof {
    pub basis: Basis,
    pub key: Key,
    pub unchanged: Expression,
}

impl Relation {
    /// Returns the relation that permits the most.
    pub fn closest() -> Self {
        Self {
            own: true,
            proxy: Some(ProxyScope::All),
            assigned: true,
            covering: true,
            emergency: true,
            ..Self::default()
        }
    }
}

/// Finds relations. The rows that it names are read in the BatchGetItem of the caller.
pub trait Relations: Send + Sync {
    /// Returns the keys of the rows that say how an account is related to the patient or the doctor.
    fn keys(&self, actor: &Actor, about: &About) -> Vec<Key>;

    /// Returns the keys of further rows that those rows point at; empty for most requests. They take one round more.
    fn further_keys(
        &self,
        actor: &Actor,
        about: &About,
        items: &Items,
        now: Timestamp,
    ) -> Result<Vec<Key>, DynamoError>;

    /// Returns the relation that all these rows state at this moment.
    fn relation(
        &self,
        actor: &Actor,
        about: &About,
        items: &Items,
        now: Timestamp,
    ) -> Result<Relation, DynamoError>;
}
