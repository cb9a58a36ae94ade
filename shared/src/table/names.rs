//! Lists in the order of names, by gsi2: users, doctors, patients.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::key::{self, GSI2, Key};
use super::{Table, TableError};
use crate::model::id::Id;
use crate::model::page::{Page, Paging};

impl Table {
    /// A page of a kind, of those alone whose name starts with the folded `prefix`. `key_of` makes the
    /// key of the item that a sort key of gsi2, the position, belongs to. Calls: Query.
    pub(super) async fn list_by_name<T: DeserializeOwned>(
        &self,
        kind: &str,
        prefix: &str,
        paging: Paging<String>,
        key_of: impl FnOnce(&str) -> Option<Key>,
    ) -> Result<Page<T, String>, TableError> {
        let start = paging
            .after
            .as_deref()
            .and_then(|sort_key| Some(key::in_gsi2(kind, sort_key.to_owned(), key_of(sort_key)?)));
        let mut query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(GSI2)
            .key_condition_expression("gsi2pk = :kind")
            .expression_attribute_values(":kind", key::gsi2_partition(kind))
            .limit(paging.limit)
            .set_exclusive_start_key(start);
        if !prefix.is_empty() {
            query = query
                .key_condition_expression("gsi2pk = :kind AND begins_with(gsi2sk, :prefix)")
                .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()));
        }
        let answer = query.send().await?;
        let found = answer.items.unwrap_or_default().into_iter().map(from_item);
        Ok(Page {
            results: found.collect::<Result<_, _>>().map_err(TableError::unreadable)?,
            next: key::position(answer.last_evaluated_key, |last| {
                key::text(last, "gsi2sk").map(str::to_owned)
            })?,
        })
    }
}

/// Whether a list by this prefix, of things with such ids, can have handed out the position.
pub fn is_list_position<I: Id>(prefix: &str, position: &str) -> bool {
    position.starts_with(prefix)
        && position.len() <= key::MAX_SORT_KEY
        && key::id_in_sort_key::<I>(position).is_some()
}
