//! The rows of a record without its transaction, for tables with many records.

use super::error::StoreError;
use super::search_index;
use super::stored::item_of;
use crate::dynamo::Item;
use crate::model::record::{Details, Record};

/// Returns the item of a record and its rows in the search index, without the items that keep unique values.
///
/// # Errors
/// The record cannot be written as an item.
pub fn rows_of_record<D: Details>(record: &Record<D>) -> Result<Vec<Item>, StoreError> {
    let mut rows = vec![item_of(record)?];
    rows.extend(search_index::written_rows(record).into_iter().map(Item::from));
    Ok(rows)
}
