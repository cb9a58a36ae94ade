//! The operator's reads of the table of the audit trail: the rows of all chains, and the views of them.

use super::error::StoreError;
use super::operator::Operator;
use super::tables::Store;
use crate::audit::verify::Verification;
use crate::audit::{Place, StoredRow};
use crate::dynamo::{Item, Key, ReadPlan, key_in, string};

/// The prefixes of the partition keys of views.
const VIEWS: [&str; 3] = ["ACTOR#", "DAY#", "PATIENT#"];

/// A read of the whole table, page by page.
pub struct TrailScan<'a> {
    store: &'a Store,
    /// The number of items that a page has at most.
    page: i32,
    after: Option<Key>,
    is_done: bool,
}

/// An item of the table.
pub struct TrailItem(pub(super) Item);

impl<'a> Operator<'a> {
    /// Begins a read of the trail's table with this number of items a page. Calls: none yet.
    pub fn scan_trail(&self, page: i32) -> TrailScan<'a> {
        TrailScan { store: self.store, page, after: None, is_done: false }
    }

    /// Returns the rows at these places, in no order. Calls: BatchGetItem for every 100.
    pub async fn rows_at(&self, places: &[Place]) -> Result<Vec<StoredRow>, StoreError> {
        let keys = places.iter().map(Place::key).collect();
        let items = self.store.audit.batch_get(ReadPlan::whole(keys)).await?;
        Ok(items.into_iter().map(|item| StoredRow::of(&item)).collect())
    }

    /// Returns the number of items in the trail's table, which DynamoDB counts every six hours. Calls: DescribeTable.
    pub async fn trail_item_count(&self) -> Result<u64, StoreError> {
        Ok(self.store.audit.state().await?.items)
    }
}

impl TrailScan<'_> {
    /// Returns the items of the next page; `None` after the last one. After an error, the next call repeats the read.
    /// Calls: Scan.
    pub async fn next_page(&mut self) -> Result<Option<Vec<TrailItem>>, StoreError> {
        if self.is_done {
            return Ok(None);
        }
        let after = self.after.clone().map(Item::from);
        let page = self.store.audit.scan(None, self.page, after).await?;
        self.after = page.next(key_in)?;
        self.is_done = self.after.is_none();
        Ok(Some(page.items.into_iter().map(TrailItem).collect()))
    }
}

impl TrailItem {
    /// Whether it is an item of a view: a copy of a row for readers.
    pub fn is_in_view(&self) -> bool {
        let partition = string(&self.0, "pk").unwrap_or_default();
        VIEWS.iter().any(|prefix| partition.starts_with(prefix))
    }

    /// Returns the row that the item stores.
    pub fn stored(&self) -> StoredRow {
        StoredRow::of(&self.0)
    }

    /// Adds the item, with all its attributes, to what is verified.
    pub fn add_to(&self, verification: &mut Verification) {
        verification.add_row(&self.0);
    }
}
