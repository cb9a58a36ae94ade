//! Ids: handed out by an atomic counter, never twice.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::key::{Item, Key};
use super::{Table, TableError};
use crate::model::id::Id;

impl Table {
    /// The next id of a kind. A retried call may skip an id; none is ever handed out again.
    pub(super) async fn next_id<I: Id>(&self, kind: &str) -> Result<I, TableError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::counter(kind).into()))
            .update_expression("ADD last_id :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await?;
        let id = answer.attributes().and_then(id_in);
        id.ok_or_else(|| TableError::missing("the counter"))
    }

    /// The latest id of a kind; none before the first. Calls: Get.
    pub(super) async fn last_id<I: Id>(&self, kind: &str) -> Result<Option<I>, TableError> {
        let Some(counter) = self.read_item(Key::counter(kind)).await? else { return Ok(None) };
        id_in(&counter).map(Some).ok_or_else(|| TableError::missing("the counter"))
    }
}

fn id_in<I: Id>(counter: &Item) -> Option<I> {
    I::new(counter.get("last_id")?.as_n().ok()?.parse().ok()?)
}
