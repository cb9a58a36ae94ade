//! The DynamoDB of a command: embedded, which means an emulator in this process, or an external one.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use ops::Result;
use ops::dynamodb::DynamoDb;
use repo::template::{TABLE_NAMES, Template};
use shared::model::timestamp::Timestamp;
use shared::store::{CursorKey, Store, client};
use shared::system::System;
use shared::testing::emulator::{Emulator, create_tables};

/// A DynamoDB. An embedded one runs until this is dropped.
pub struct Database {
    pub dynamodb: DynamoDb,
    _emulator: Option<Emulator>,
}

impl Database {
    /// Starts an embedded one, whose tables end with it.
    pub async fn in_memory() -> Result<Self> {
        Ok(Self::embedded(Emulator::in_memory().await?, "in memory"))
    }

    /// Does the same as [`Database::in_memory`], at an address that other machines or containers may reach.
    pub async fn in_memory_at(address: IpAddr) -> Result<Self> {
        Ok(Self::embedded(Emulator::in_memory_at(address).await?, "in memory"))
    }

    /// Starts an embedded one with its tables in a file.
    pub async fn on_file(path: &Path) -> Result<Self> {
        Ok(Self::embedded(Emulator::on_file(path).await?, &format!("on {}", path.display())))
    }

    /// Returns the external one at this URL.
    pub fn at(endpoint: &str) -> Result<Self> {
        Ok(Self { dynamodb: DynamoDb::at(endpoint)?, _emulator: None })
    }

    /// Creates the missing tables, and the key that seals cursors, which `keys-rotate` makes in the cloud.
    pub async fn prepare(&self, template: &Template) -> Result<Store> {
        create_tables(&client(self.dynamodb.settings()), template).await?;
        let store = self.store();
        let system = System::new(Arc::new(Timestamp::system));
        let cursor_key = CursorKey::random(&system)?;
        store.cursor_keys().make(&cursor_key, "local", system.now()).await?;
        Ok(store)
    }

    /// Returns its tables, as functions use them.
    pub fn store(&self) -> Store {
        let client = client(self.dynamodb.settings());
        Store::new(client, TABLE_NAMES.map(str::to_owned))
    }

    fn embedded(emulator: Emulator, place: &str) -> Self {
        let dynamodb = DynamoDb::embedded(emulator.endpoint(), place);
        Self { dynamodb, _emulator: Some(emulator) }
    }
}
