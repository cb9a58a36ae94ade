//! Loading the target of an action.

use std::future::Future;

use super::error::StoreError;
use super::tables::Store;
use crate::access::Reach;
use crate::dynamo::{Items, Key};
use crate::model::id::PatientId;

/// A target: either the items at keys that the request names, read in the BatchGetItem of the caller, or a page of a
/// list, read by a Query that may run beside that call.
pub trait Load: Sized + Send + 'static {
    /// What a request names: an id, two ids, a page of a list.
    type Name: Clone + Send + Sync + 'static;

    /// Whether [`Load::load`] needs no items, so that it may run beside the read of the caller.
    const EARLY: bool = false;

    /// Returns the keys to read with the caller.
    fn keys(_name: &Self::Name) -> Vec<Key> {
        Vec::new()
    }

    /// Returns the patient whom the request is about, if it is about one.
    fn patient(_name: &Self::Name) -> Option<PatientId> {
        None
    }

    /// Makes the target, of the items at [`Load::keys`], or of a read within the caller's reach.
    fn load(
        store: &Store,
        name: Self::Name,
        reach: &Reach,
        items: &mut Items,
    ) -> impl Future<Output = Result<Self, StoreError>> + Send;
}

/// The target of an action that needs nothing but its caller.
#[derive(Debug)]
pub struct Nothing;

impl Load for Nothing {
    type Name = ();

    async fn load(
        _store: &Store,
        _name: (),
        _reach: &Reach,
        _items: &mut Items,
    ) -> Result<Self, StoreError> {
        Ok(Self)
    }
}
