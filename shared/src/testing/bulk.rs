//! The rows of a record, as the store writes them, for tables with many records.

use aws_sdk_dynamodb::types::AttributeValue as Sent;

use super::emulator::{AttributeValue, Item};
use crate::dynamo;
use crate::model::record::{Details, Record};
use crate::store::{StoreError, rows_of_record};

/// Returns the item of a record and its rows in the search index, for [`super::emulator::Emulator::import`]. They do
/// not include those that keep unique values.
///
/// # Errors
/// The record cannot be written as an item.
pub fn rows<D: Details>(record: &Record<D>) -> Result<Vec<Item>, StoreError> {
    rows_of_record(record)?.into_iter().map(imported).collect()
}

fn imported(item: dynamo::Item) -> Result<Item, StoreError> {
    item.into_iter().map(|(name, value)| Ok((name, value_of(value)?))).collect()
}

fn value_of(value: Sent) -> Result<AttributeValue, StoreError> {
    Ok(match value {
        Sent::S(text) => AttributeValue::S(text),
        Sent::N(number) => AttributeValue::N(number),
        Sent::Bool(is_true) => AttributeValue::BOOL(is_true),
        Sent::Null(is_null) => AttributeValue::NULL(is_null),
        Sent::L(list) => {
            AttributeValue::L(list.into_iter().map(value_of).collect::<Result<_, _>>()?)
        }
        Sent::M(map) => AttributeValue::M(imported(map)?),
        _ => return Err(StoreError::unexpected("a record has no sets and no bytes")),
    })
}
