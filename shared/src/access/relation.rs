//! How an account is related to the patient whom a request is about.

use super::hint::Hint;
use crate::dynamo::{Items, Key};
use crate::model::id::{PatientId, UserId};
use crate::model::user::User;

/// A relation, as it was read with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Unrelated,
    /// The account's doctor treats the patient.
    Assigned,
}

/// Finds relations. The rows that it names are read in the BatchGetItem of the caller.
pub trait Relations: Send + Sync {
    /// Returns the keys of the rows that say how an account is related to a patient. The hint may name ids that the
    /// account has; [`Relations::relation`] compares them with the account.
    fn keys(&self, user_id: UserId, hint: &Hint, patient: PatientId) -> Vec<Key>;

    /// Returns the relation that those rows state.
    fn relation(&self, user: &User, patient: PatientId, items: &Items) -> Relation;
}

/// Reads nothing: every role of today is decided without a relation.
#[derive(Debug)]
pub struct RolesAlone;

impl Relations for RolesAlone {
    fn keys(&self, _user_id: UserId, _hint: &Hint, _patient: PatientId) -> Vec<Key> {
        Vec::new()
    }

    fn relation(&self, _user: &User, _patient: PatientId, _items: &Items) -> Relation {
        Relation::Unrelated
    }
}
