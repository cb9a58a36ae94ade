//! Takes away the mappings of a deleted doctor or patient, in bounded steps that can be resumed.

use aws_sdk_dynamodb::types::AttributeValue;

use super::key::{self, Key};
use super::records::Deleted;
use super::transaction::{MAX_ACTIONS, Outcome};
use super::{Table, TableError};
use crate::model::record::Details;

/// Each mapping is two rows.
const PAIRS: usize = MAX_ACTIONS / 2;

impl Table {
    /// Calls: for every 50 mappings Query and W, a last Query, Update.
    pub(super) async fn sweep<D: Details>(
        &self,
        id: D::Id,
        is_late: impl Fn() -> bool,
    ) -> Result<Deleted, TableError> {
        loop {
            let rows = self.some_mappings(&Key::record::<D>(id)).await?;
            if rows.is_empty() {
                self.mark_swept::<D>(id).await?;
                return Ok(Deleted::Done);
            }
            // At least one step is done, so that resuming gets on.
            self.delete_pairs(rows).await?;
            if is_late() {
                return Ok(Deleted::Unfinished);
            }
        }
    }

    /// Up to 50 rows that lie with a record, read consistently.
    async fn some_mappings(&self, record: &Key) -> Result<Vec<Key>, TableError> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :pk AND sk > :self")
            .expression_attribute_values(":pk", AttributeValue::S(record.pk.clone()))
            .expression_attribute_values(":self", AttributeValue::S(record.sk.clone()))
            .projection_expression("pk, sk")
            .consistent_read(true)
            .limit(i32::try_from(PAIRS).unwrap_or(i32::MAX))
            .send()
            .await?;
        let key_of = |row: &key::Item| {
            Some(Key { pk: key::text(row, "pk")?.to_owned(), sk: key::text(row, "sk")?.to_owned() })
        };
        Ok(answer.items().iter().filter_map(key_of).collect())
    }

    /// Deletes each row and its mirror, in which the two keys have changed places.
    async fn delete_pairs(&self, rows: Vec<Key>) -> Result<(), TableError> {
        let mut transaction = self.transaction::<()>();
        for row in rows {
            let mirror = Key { pk: row.sk.clone(), sk: row.pk.clone() };
            transaction = transaction.delete(row).delete(mirror);
        }
        match transaction.commit().await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => {
                Err(TableError::Unexpected("a deletion without condition was refused".to_owned()))
            }
        }
    }

    async fn mark_swept<D: Details>(&self, id: D::Id) -> Result<(), TableError> {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::record::<D>(id).into()))
            .update_expression("SET swept = :true")
            .condition_expression("attribute_exists(deleted_at)")
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .send()
            .await?;
        Ok(())
    }
}
