//! `BatchGetItem`: many items, read consistently, 100 keys a call.

use std::vec::IntoIter;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::backoff::backoff;
use super::error::DynamoError;
use super::item::{Item, Key, string};
use super::table::Table;

/// DynamoDB's limit of keys in one call.
const MAX_KEYS: usize = 100;

/// How often keys that DynamoDB leaves unprocessed are asked for.
const MAX_ATTEMPTS: u32 = 8;

/// Which items to read, and what of each.
#[derive(Debug, Clone, Default)]
pub struct ReadPlan {
    pub keys: Vec<Key>,
    /// The attributes to read; all if empty.
    pub attributes: &'static [&'static str],
}

impl ReadPlan {
    /// Reads all attributes.
    pub fn whole(keys: Vec<Key>) -> Self {
        Self { keys, attributes: &[] }
    }
}

/// Items that were read together, in no order.
#[derive(Debug, Default)]
pub struct Items(Vec<Item>);

impl Items {
    /// Returns the item with this key, if it exists.
    pub fn take(&mut self, key: &Key) -> Option<Item> {
        self.position(key).map(|position| self.0.swap_remove(position))
    }

    /// Returns the item with this key, if it exists, and leaves it there.
    pub fn get(&self, key: &Key) -> Option<&Item> {
        self.0.get(self.position(key)?)
    }

    /// Returns an item of this partition whose sort key begins so, if there is one.
    pub fn take_beginning(&mut self, pk: &str, prefix: &str) -> Option<Item> {
        let begins_so = |item: &Item| {
            string(item, "pk") == Some(pk)
                && string(item, "sk").is_some_and(|sk| sk.starts_with(prefix))
        };
        self.0.iter().position(begins_so).map(|position| self.0.swap_remove(position))
    }

    fn position(&self, key: &Key) -> Option<usize> {
        let has_key = |item: &Item| {
            string(item, "pk") == Some(&key.pk) && string(item, "sk") == Some(&key.sk)
        };
        self.0.iter().position(has_key)
    }
}

impl Extend<Item> for Items {
    fn extend<I: IntoIterator<Item = Item>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl IntoIterator for Items {
    type Item = Item;
    type IntoIter = IntoIter<Item>;

    fn into_iter(self) -> IntoIter<Item> {
        self.0.into_iter()
    }
}

impl Table {
    /// Reads the items that exist, consistently. Calls: BatchGetItem for every 100 keys.
    pub async fn batch_get(&self, plan: ReadPlan) -> Result<Items, DynamoError> {
        let mut keys = plan.keys;
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::with_capacity(keys.len());
        let mut keys = keys.into_iter().map(Item::from).peekable();
        while keys.peek().is_some() {
            let chunk = keys.by_ref().take(MAX_KEYS).collect();
            self.get_chunk(chunk, plan.attributes, &mut found).await?;
        }
        Ok(Items(found))
    }

    async fn get_chunk(
        &self,
        mut keys: Vec<Item>,
        attributes: &[&str],
        found: &mut Vec<Item>,
    ) -> Result<(), DynamoError> {
        for attempt in 0..MAX_ATTEMPTS {
            backoff(attempt).await;
            let request = keys_and_attributes(keys, attributes)?;
            let request = self.client.batch_get_item().request_items(&self.name, request);
            let answer = request.send().await?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            let unprocessed = answer.unprocessed_keys.unwrap_or_default();
            keys = unprocessed.into_values().flat_map(|left| left.keys).collect();
            if keys.is_empty() {
                return Ok(());
            }
        }
        Err(DynamoError::Unavailable("BatchGetItem left keys unprocessed".to_owned()))
    }
}

fn keys_and_attributes(
    keys: Vec<Item>,
    attributes: &[&str],
) -> Result<KeysAndAttributes, DynamoError> {
    let mut request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
    if !attributes.is_empty() {
        // Placeholders, because an attribute may have a reserved word as its name.
        let placeholders = (0..attributes.len()).map(|i| format!("#{i}"));
        for (placeholder, attribute) in placeholders.clone().zip(attributes) {
            request = request.expression_attribute_names(placeholder, *attribute);
        }
        request = request.projection_expression(placeholders.collect::<Vec<_>>().join(", "));
    }
    request.build().map_err(|error| DynamoError::Unexpected(format!("incomplete request: {error}")))
}
