//! How far the reindexing of a table is: an item, so that a run that was stopped can be continued.

use serde::{Deserialize, Serialize};

use crate::dynamo::{self, Item, Key};
use crate::store::error::StoreError;
use crate::store::schema;
use crate::store::tables::Store;

/// The steps of the work. Each reads the whole table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Gives the records what they must have.
    Records,
    /// Removes what no record has any more.
    Rows,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    /// The version that the data will have. The work for another version begins anew.
    target: String,
    pub phase: Phase,
    /// The last item that the phase has read.
    after: Option<Position>,
    /// The number of items that the phase has read.
    pub items: u64,
    /// Whether the phase has found a collision so far.
    pub collided: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Position {
    pk: String,
    sk: String,
}

impl Progress {
    /// The beginning of a phase.
    pub fn beginning(phase: Phase) -> Self {
        Self { target: schema::current(), phase, after: None, items: 0, collided: false }
    }

    /// Returns the progress of an earlier run for the same version, if one was stopped. Calls: GetItem.
    pub async fn load(store: &Store) -> Result<Option<Self>, StoreError> {
        let stored = store.main.get(Key::reindex()).await?;
        let stored: Option<Self> = stored.map(dynamo::parse).transpose()?;
        Ok(stored.filter(|progress| progress.target == schema::current()))
    }

    /// Calls: PutItem.
    pub async fn save(&self, store: &Store) -> Result<(), StoreError> {
        Ok(store.main.put(dynamo::write(self, Key::reindex())?).await?)
    }

    /// Returns the keys of the item after which the phase continues.
    pub fn after(&self) -> Option<Item> {
        let Position { pk, sk } = self.after.clone()?;
        Some(Key { pk, sk }.into())
    }

    /// Counts a page of items that ends at this key.
    pub fn advance(&mut self, items: usize, Key { pk, sk }: Key) {
        self.items = self.items.saturating_add(u64::try_from(items).unwrap_or(u64::MAX));
        self.after = Some(Position { pk, sk });
    }
}
