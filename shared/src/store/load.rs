//! Loading the target of an action.

use std::future::{Future, ready};

use super::error::StoreError;
use super::tables::Store;
use crate::access::Allowed;
use crate::audit::Subjects;
use crate::dynamo::{Items, Key};
use crate::model::id::{DoctorId, PatientId, UserId};

/// A target. Either the items at keys that the request names, read in the BatchGetItem of the caller, or the rows of a
/// list, read by Queries that may run beside that call. Nothing is built from either before the decision.
pub trait Load: Sized + Send + 'static {
    /// The name in a request: an id, two ids, a page of a list.
    type Name: Clone + Send + Sync + 'static;

    /// The result of [`Load::find`]: [`crate::dynamo::Rows`] for most lists, `()` for a target at keys.
    type Found: Default + Send + 'static;

    /// Returns the keys to read with the caller.
    fn keys(_name: &Self::Name) -> Vec<Key> {
        Vec::new()
    }

    /// Returns the patient whom the request is about, if it is about one.
    fn patient(_name: &Self::Name) -> Option<PatientId> {
        None
    }

    /// Returns the doctor whom the request is about, if it is about one and not about a patient.
    fn doctor(_name: &Self::Name) -> Option<DoctorId> {
        None
    }

    /// Returns the account that the request names, if it names one.
    fn account(_name: &Self::Name) -> Option<UserId> {
        None
    }

    /// Returns the people of each item of a batch. The audit trail names them if the batch fails as a whole; otherwise, each
    /// item has an outcome of its own.
    fn batch(_name: &Self::Name) -> Vec<Subjects> {
        Vec::new()
    }

    /// Reads the rows of a list, within the caller's reach. A target at keys has none.
    fn find(
        _store: &Store,
        _name: &Self::Name,
        _allowed: &Allowed,
    ) -> impl Future<Output = Result<Self::Found, StoreError>> + Send {
        ready(Ok(Self::Found::default()))
    }

    /// Builds the target, for a caller who is allowed, of the items at [`Load::keys`] and of what [`Load::find`] read.
    fn build(
        name: Self::Name,
        allowed: &Allowed,
        items: &mut Items,
        found: Self::Found,
    ) -> Result<Self, StoreError>;
}

/// The target of an action that needs nothing but its caller.
#[derive(Debug)]
pub struct Nothing;

impl Load for Nothing {
    type Name = ();
    type Found = ();

    fn build(
        _name: (),
        _allowed: &Allowed,
        _items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        Ok(Self)
    }
}
