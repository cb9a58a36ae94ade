//! What can be read by keys that are known beforehand: in one call, together with whatever else is known so.

use super::batch::{Items, Wanted};
use super::key::Key;
use super::{Table, TableError};

/// A thing that lies at certain keys.
pub trait Lookup: Sized + Send + 'static {
    /// What it is asked for by, such as an id.
    type Name: Send + Sync + 'static;

    fn keys(name: &Self::Name) -> Vec<Key>;

    /// Takes what lies at those keys.
    fn take(name: &Self::Name, items: &mut Items) -> Result<Self, TableError>;
}

impl Table {
    /// Consistently. Calls: BatchGet.
    pub async fn look_up<T: Lookup>(&self, name: &T::Name) -> Result<T, TableError> {
        let mut items = self.items_at(Wanted::whole(T::keys(name))).await?;
        T::take(name, &mut items)
    }
}
