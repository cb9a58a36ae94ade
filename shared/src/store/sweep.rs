//! Removes the assignments of a deleted doctor or patient, in bounded steps that can be resumed.

use super::error::StoreError;
use super::keys;
use super::tables::Store;
use crate::dynamo::{self, DynamoError, Expression, Item, Key, MAX_ACTIONS, Outcome, Query};
use crate::model::record::Details;

/// Each assignment is two rows.
const PAIRS: usize = MAX_ACTIONS / 2;
const FEW_PAIRS: usize = 5;

impl Store {
    /// Removes all of a record's assignments until `is_late`, and then marks the tombstone as swept. Calls: for every
    /// 50 assignments Query and TransactWriteItems, a last Query, UpdateItem.
    pub(super) async fn sweep<D: Details>(
        &self,
        id: D::Id,
        is_late: impl Fn() -> bool,
    ) -> Result<(), StoreError> {
        loop {
            let rows = self.some_assignments::<D>(id).await?;
            if rows.is_empty() {
                return self.mark_swept::<D>(id).await;
            }
            // At least one step is done, so a resumed deletion makes progress.
            match self.delete_pairs(&rows).await {
                // A DynamoDB Local of 2020 takes no more than 10 actions.
                Err(StoreError::Dynamo(DynamoError::Unexpected(_))) if rows.len() > FEW_PAIRS => {
                    for few in rows.chunks(FEW_PAIRS) {
                        self.delete_pairs(few).await?;
                    }
                }
                outcome => outcome?,
            }
            if is_late() {
                return Err(StoreError::DeletionUnfinished);
            }
        }
    }

    /// Returns up to 50 of the assignment rows in a record's partition, read consistently.
    async fn some_assignments<D: Details>(&self, id: D::Id) -> Result<Vec<Key>, StoreError> {
        let record = Key::record::<D>(id);
        let partner = keys::prefix(D::PARTNER);
        let query = Query::partition(&record.pk)
            .beginning_with(&partner)
            .project("sk")
            .limit(i32::try_from(PAIRS).unwrap_or(i32::MAX));
        let rows = self.main.query(query).await?;
        let key_of = |row: &Item| {
            let sk = dynamo::string(row, "sk").ok_or_else(|| StoreError::missing("a key"))?;
            Ok(Key { pk: record.pk.clone(), sk: sk.to_owned() })
        };
        rows.items.iter().map(key_of).collect()
    }

    /// Deletes each row and its mirror, whose two keys are exchanged.
    async fn delete_pairs(&self, rows: &[Key]) -> Result<(), StoreError> {
        let mut transaction = self.main.transaction::<()>();
        for row in rows {
            let mirror = Key { pk: row.sk.clone(), sk: row.pk.clone() };
            transaction = transaction.delete(row.clone()).delete(mirror);
        }
        match transaction.commit().await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => {
                Err(StoreError::unexpected("an unconditional deletion was refused"))
            }
        }
    }

    async fn mark_swept<D: Details>(&self, id: D::Id) -> Result<(), StoreError> {
        let mark = Expression::update("SET swept = :true")
            .only_if("attribute_exists(deleted_at)")
            .boolean(":true", true);
        match self.main.change(Key::record::<D>(id), mark).await? {
            dynamo::Changed::Done(_) => Ok(()),
            dynamo::Changed::Refused(_) => Err(StoreError::missing("the tombstone")),
        }
    }
}
