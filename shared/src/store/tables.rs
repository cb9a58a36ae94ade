//! The two tables of the product.

use aws_sdk_dynamodb::Client;

use crate::dynamo::{DynamoError, Key, Table};

/// The main table, and the table of the public token keys. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) main: Table,
    pub(super) keys: Table,
}

impl Store {
    /// `name` and `keys_name` are the physical names of the two tables.
    pub fn new(client: Client, name: String, keys_name: String) -> Self {
        Self { main: Table::new(client.clone(), name), keys: Table::new(client, keys_name) }
    }

    /// Whether the main table answers. Calls: GetItem.
    pub async fn ping(&self) -> Result<(), DynamoError> {
        self.main.ping(Key::counter("health")).await
    }
}
