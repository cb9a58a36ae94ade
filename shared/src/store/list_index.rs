//! The index of lists, [`GSI2`]: whether it holds today's attributes, and its replacement if it holds others.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;

use super::error::StoreError;
use super::keys::{GSI2, GSI2_KEYS};
use super::operator::Operator;
use crate::dynamo::NewIndex;

/// The interval of the checks whether DynamoDB has finished.
const POLL: Duration = Duration::from_millis(500);

/// The index of lists, compared with what lists need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListIndex {
    /// It holds these attributes.
    Current,
    Missing,
    /// It holds other attributes.
    Different,
}

impl Operator<'_> {
    /// Compares the index of lists with the attributes that it must hold besides its keys. Calls: DescribeTable.
    pub async fn list_index(&self, attributes: &BTreeSet<String>) -> Result<ListIndex, StoreError> {
        let state = self.store.main.state().await?;
        Ok(match state.indexes.get(GSI2) {
            Some(index) if index.attributes == *attributes => ListIndex::Current,
            Some(_) => ListIndex::Different,
            None => ListIndex::Missing,
        })
    }

    /// Replaces the index of lists by one with these attributes, and waits until DynamoDB has filled it. If it is
    /// stopped, another call continues. Calls: DescribeTable, UpdateTable.
    pub async fn replace_list_index(
        &self,
        attributes: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let table = &self.store.main;
        loop {
            let state = table.state().await?;
            if !state.is_active {
                sleep(POLL).await;
                continue;
            }
            match state.indexes.get(GSI2) {
                Some(index) if index.attributes == *attributes => return Ok(()),
                Some(_) => table.delete_index(GSI2).await?,
                None => {
                    let index = NewIndex { name: GSI2, keys: GSI2_KEYS, attributes };
                    table.create_index(&index).await?;
                }
            }
        }
    }
}
