//! Items and their keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use super::error::DynamoError;

/// The attributes of an item, by name.
pub type Item = HashMap<String, AttributeValue>;

/// The primary key of an item: partition key `pk` and sort key `sk`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl From<Key> for Item {
    fn from(key: Key) -> Self {
        Item::from([
            ("pk".to_owned(), AttributeValue::S(key.pk)),
            ("sk".to_owned(), AttributeValue::S(key.sk)),
        ])
    }
}

/// Returns the content as an item with this key.
pub fn write<T: Serialize>(content: &T, key: Key) -> Result<Item, DynamoError> {
    let mut item: Item = to_item(content).map_err(DynamoError::unreadable)?;
    item.extend(Item::from(key));
    Ok(item)
}

/// Reads an item as a value of this type; attributes that the type does not name are ignored.
pub fn parse<T: DeserializeOwned>(item: Item) -> Result<T, DynamoError> {
    from_item(item).map_err(DynamoError::unreadable)
}

/// Returns the key of an item.
#[cfg(feature = "operator")]
pub fn key_in(item: &Item) -> Option<Key> {
    Some(Key { pk: string(item, "pk")?.to_owned(), sk: string(item, "sk")?.to_owned() })
}

/// Returns a number attribute of an item.
pub fn number(item: &Item, attribute: &str) -> Option<u64> {
    item.get(attribute)?.as_n().ok()?.parse().ok()
}

/// Returns a string attribute of an item.
pub fn string<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}
