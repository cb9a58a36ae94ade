//! Ids: an atomic counter returns each one once.

use super::error::StoreError;
use super::tables::Store;
use crate::dynamo::{Changed, Expression, Item, Key};
use crate::model::id::Id;

impl Store {
    /// Returns the next id of a kind. A call that is sent again may skip an id; none is returned twice. Calls:
    /// UpdateItem.
    pub(super) async fn next_id<I: Id>(&self, kind: &str) -> Result<I, StoreError> {
        let add = Expression::update("ADD last_id :one").number(":one", 1);
        match self.main.change(Key::counter(kind), add).await? {
            Changed::Done(counter) => id_in(&counter),
            Changed::Refused(_) => None,
        }
        .ok_or_else(|| StoreError::missing("the counter"))
    }

    /// Returns the latest id of a kind; `None` before the first. Calls: GetItem.
    #[cfg(feature = "operator")]
    pub(super) async fn last_id<I: Id>(&self, kind: &str) -> Result<Option<I>, StoreError> {
        let Some(counter) = self.main.get(Key::counter(kind)).await? else { return Ok(None) };
        id_in(&counter).map(Some).ok_or_else(|| StoreError::missing("the counter"))
    }
}

fn id_in<I: Id>(counter: &Item) -> Option<I> {
    I::new(counter.get("last_id")?.as_n().ok()?.parse().ok()?)
}
