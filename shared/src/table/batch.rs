//! `BatchGetItem`: many items, consistently, 100 keys a call.

use std::collections::HashSet;
use std::vec::IntoIter;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::backoff::backoff;
use super::key::{self, Item, Key};
use super::{Table, TableError};

/// DynamoDB's limit of keys in one call.
const MAX_KEYS: usize = 100;

/// How often keys that DynamoDB leaves unprocessed are asked for.
const MAX_ROUNDS: u32 = 8;

/// What to read in one call.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub keys: Vec<Key>,
    /// What is read of each item; none means everything.
    pub attributes: Vec<&'static str>,
}

impl Wanted {
    /// All that lies there.
    pub fn whole(keys: Vec<Key>) -> Self {
        Self { keys, attributes: Vec::new() }
    }
}

/// Items that were read together, to be taken by their keys, or one after the other.
pub struct Items(Vec<Item>);

impl Items {
    pub fn take(&mut self, key: &Key) -> Option<Item> {
        let is_at = |item: &Item| {
            key::text(item, "pk") == Some(&key.pk) && key::text(item, "sk") == Some(&key.sk)
        };
        self.0.iter().position(is_at).map(|position| self.0.swap_remove(position))
    }

    /// For somebody else who asked for it, too.
    pub fn put_back(&mut self, item: Item) {
        self.0.push(item);
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
    /// The items that exist, in no order. Calls: BatchGet.
    pub(super) async fn items_at(&self, wanted: Wanted) -> Result<Items, TableError> {
        let distinct: HashSet<Key> = wanted.keys.into_iter().collect();
        let keys: Vec<Item> = distinct.into_iter().map(Item::from).collect();
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(MAX_KEYS) {
            self.get_chunk(chunk.to_vec(), &wanted.attributes, &mut found).await?;
        }
        Ok(Items(found))
    }

    async fn get_chunk(
        &self,
        mut keys: Vec<Item>,
        attributes: &[&str],
        found: &mut Vec<Item>,
    ) -> Result<(), TableError> {
        for round in 0..MAX_ROUNDS {
            backoff(round).await;
            let wanted = wanted(keys, attributes)?;
            let request = self.client.batch_get_item().request_items(&self.name, wanted);
            let answer = request.send().await?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            let unprocessed = answer.unprocessed_keys.unwrap_or_default();
            keys = unprocessed.into_values().flat_map(|left| left.keys).collect();
            if keys.is_empty() {
                return Ok(());
            }
        }
        Err(TableError::Unavailable("BatchGetItem left keys unprocessed".to_owned()))
    }
}

fn wanted(keys: Vec<Item>, attributes: &[&str]) -> Result<KeysAndAttributes, TableError> {
    let mut wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
    if !attributes.is_empty() {
        // Placeholders, because an attribute may bear a reserved word.
        let placeholders = (0..attributes.len()).map(|i| format!("#{i}"));
        for (placeholder, attribute) in placeholders.clone().zip(attributes) {
            wanted = wanted.expression_attribute_names(placeholder, *attribute);
        }
        wanted = wanted.projection_expression(placeholders.collect::<Vec<_>>().join(", "));
    }
    wanted.build().map_err(|error| TableError::Unexpected(format!("incomplete request: {error}")))
}
