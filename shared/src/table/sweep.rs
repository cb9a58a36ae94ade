//! Takes away the mappings of a deleted doctor or patient, in bounded steps that can be resumed.

use aws_sdk_dynamodb::types::AttributeValue;

use super::key::{self, Item, Key};
use super::records::Deleted;
use super::transaction::{MAX_ACTIONS, Outcome};
use super::{Table, TableError};
use crate::model::record::Details;

/// Each mapping is two rows.
const PAIRS: usize = MAX_ACTIONS / 2;
const FEW_PAIRS: usize = 5;

impl Table {
    /// Calls: for every 50 mappings Query and W, a last Query, Update.
    pub(super) async fn sweep<D: Details>(
        &self,
        id: D::Id,
        is_late: impl Fn() -> bool,
    ) -> Result<Deleted, TableError> {
        loop {
            let rows = self.some_mappings::<D>(id).await?;
            if rows.is_empty() {
                self.mark_swept::<D>(id).await?;
                return Ok(Deleted::Done);
            }
            // At least one step is done, so that resuming gets on.
            match self.delete_pairs(&rows).await {
                // A DynamoDB Local of 2020 takes no more than 10 actions.
                Err(TableError::Unexpected(_)) if rows.len() > FEW_PAIRS => {
                    for few in rows.chunks(FEW_PAIRS) {
                        self.delete_pairs(few).await?;
                    }
                }
                outcome => outcome?,
            }
            if is_late() {
                return Ok(Deleted::Unfinished);
            }
        }
    }

    /// Up to 50 of the mappings' rows that lie with a record, read consistently.
    async fn some_mappings<D: Details>(&self, id: D::Id) -> Result<Vec<Key>, TableError> {
        let record = Key::record::<D>(id);
        let partner = key::prefix(D::PARTNER);
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :pk AND begins_with(sk, :partner)")
            .expression_attribute_values(":pk", AttributeValue::S(record.pk.clone()))
            .expression_attribute_values(":partner", AttributeValue::S(partner))
            .projection_expression("sk")
            .consistent_read(true)
            .limit(i32::try_from(PAIRS).unwrap_or(i32::MAX))
            .send()
            .await?;
        let key_of = |row: &Item| {
            let sk = key::text(row, "sk").ok_or_else(|| TableError::missing("a key"))?;
            Ok(Key { pk: record.pk.clone(), sk: sk.to_owned() })
        };
        answer.items().iter().map(key_of).collect()
    }

    /// Deletes each row and its mirror, in which the two keys have changed places.
    async fn delete_pairs(&self, rows: &[Key]) -> Result<(), TableError> {
        let mut transaction = self.transaction::<()>();
        for row in rows {
            let mirror = Key { pk: row.sk.clone(), sk: row.pk.clone() };
            transaction = transaction.delete(row.clone()).delete(mirror);
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
