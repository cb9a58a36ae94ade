//! The indexes of the main table: whether each is as this version needs it, and its replacement if it is not.

use std::time::Duration;

use tokio::time::sleep;

use super::error::StoreError;
use super::operator::Operator;
use crate::dynamo::TableIndex;

/// The interval of the checks whether DynamoDB has finished.
const POLL: Duration = Duration::from_millis(500);

/// An index of the table, compared with the one that this version needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    Current,
    Missing,
    /// It has other keys or holds other attributes.
    Different,
}

impl Operator<'_> {
    /// Compares the index of this name with this one. Calls: DescribeTable.
    pub async fn index_state(&self, needed: &TableIndex) -> Result<IndexState, StoreError> {
        let state = self.store.main.state().await?;
        Ok(match state.indexes.iter().find(|index| index.name == needed.name) {
            Some(index) if index == needed => IndexState::Current,
            Some(_) => IndexState::Different,
            None => IndexState::Missing,
        })
    }

    /// Replaces the index of this name by this one, and waits until DynamoDB has filled it. DynamoDB changes one index of
    /// a table at a time, so this first waits for a change that has begun. If it is stopped, another call continues.
    /// Calls: DescribeTable, UpdateTable.
    pub async fn replace_index(&self, needed: &TableIndex) -> Result<(), StoreError> {
        let table = &self.store.main;
        loop {
            let state = table.state().await?;
            if !state.is_active {
                sleep(POLL).await;
                continue;
            }
            match state.indexes.iter().find(|index| index.name == needed.name) {
                Some(index) if index == needed => return Ok(()),
                Some(index) => table.delete_index(&index.name).await?,
                None => table.create_index(needed).await?,
            }
        }
    }
}
