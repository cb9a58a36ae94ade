//! A read of which the first half is done: a list of ids is there, and what lies at them is still to be read.

use super::batch::{Items, Wanted};
use super::{Table, TableError};

type Make<T> = Box<dyn FnOnce(Items) -> Result<T, TableError> + Send>;

/// What is still to be read, and what to make of it. Whoever reads something else at that time reads both in one call.
#[must_use]
pub struct Unread<T> {
    wanted: Wanted,
    make: Make<T>,
}

impl<T: 'static> Unread<T> {
    pub(super) fn new(
        wanted: Wanted,
        make: impl FnOnce(Items) -> Result<T, TableError> + Send + 'static,
    ) -> Self {
        Self { wanted, make: Box::new(make) }
    }

    /// The same read, of which something else is made.
    pub fn map<U: 'static>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Unread<U> {
        Unread::new(self.wanted, |items| (self.make)(items).map(change))
    }

    /// What is to be read, and what to make of it once it has been.
    pub(crate) fn parts(self) -> (Wanted, Make<T>) {
        (self.wanted, self.make)
    }
}

impl Table {
    /// Consistently. Calls: BatchGet.
    pub async fn read<T: 'static>(&self, unread: Unread<T>) -> Result<T, TableError> {
        let (wanted, make) = unread.parts();
        make(self.items_at(wanted).await?)
    }
}
