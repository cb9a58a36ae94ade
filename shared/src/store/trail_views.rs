//! The views of the audit trail. The rows of the chains are what was recorded; the views are made from them, and can be
//! made again.

use futures_util::future::join_all;

use super::error::StoreError;
use super::tables::Store;
use crate::audit::StoredRow;
use crate::dynamo::{Expression, Item};

/// How many items of views are put at the same time.
pub(super) const AT_ONCE: usize = 16;

impl Store {
    /// Puts the rows into their views. Repeating it changes nothing, and the order of the rows does not matter: a row
    /// that corrects another one replaces it, and is not replaced by it. Returns the number of items that were put.
    /// Calls: PutItem for each item.
    pub async fn put_views(&self, rows: &[StoredRow]) -> Result<usize, StoreError> {
        let mut items = Vec::new();
        for stored in rows {
            let row = stored.row();
            let row = row.ok_or_else(|| StoreError::unexpected("this is no row of the trail"))?;
            let is_new = row.corrects.is_none();
            items.extend(row.views().into_iter().map(|key| (stored.in_view(key), is_new)));
        }
        let count = items.len();
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let mut puts = Vec::with_capacity(AT_ONCE);
            for (item, is_new) in items.by_ref().take(AT_ONCE) {
                puts.push(self.put_view(item, is_new));
            }
            // All are awaited: dropping a call would close its connection.
            join_all(puts).await.into_iter().collect::<Result<(), StoreError>>()?;
        }
        Ok(count)
    }

    /// Puts an item of a view: one that corrects nothing (`is_new`) only if its place is free. Calls: PutItem.
    pub(super) async fn put_view(&self, item: Item, is_new: bool) -> Result<(), StoreError> {
        if is_new {
            self.audit.put_if(item, Expression::only("attribute_not_exists(pk)")).await?;
        } else {
            self.audit.put(item).await?;
        }
        Ok(())
    }
}
