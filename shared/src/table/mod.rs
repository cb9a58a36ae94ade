//! All of DynamoDB: every key, condition and transaction of the two tables is written in this room.
//!
//! Invariants: no base table is scanned; a write that must be atomic is one transaction; whatever
//! decides something is read consistently from the base table.

mod admins;
mod attempts;
mod backoff;
mod batch;
mod client;
mod counter;
mod credentials;
mod error;
mod expression;
mod idempotency;
mod item;
mod key;
mod lookup;
mod mapping_lists;
mod mappings;
mod names;
mod records;
mod registration;
mod sessions;
mod signing_keys;
mod sweep;
mod transaction;
mod unread;
mod users;

use aws_sdk_dynamodb::Client;

pub use admins::MadeAdmin;
pub use attempts::{Reserved, RowRule, Tried, WindowRule};
pub(crate) use batch::{Items, Wanted};
pub use client::client;
#[cfg(feature = "testing")]
pub(crate) use client::config;
pub use credentials::{Credentials, PasswordSet, Reset};
pub use error::TableError;
pub(crate) use key::Key;
pub use lookup::Lookup;
pub use mapping_lists::{LISTED_OF_PATIENTS, Related};
pub use mappings::{Assign, Pair, Removed};
pub use names::is_list_position;
pub use records::{Created, Deleted, Stored, Updated};
pub use registration::{Imported, ImportedUser, NewUser, Registered};
pub use sessions::Rotated;
pub use signing_keys::PublicKey;
pub use unread::Unread;
pub use users::UserUpdated;

/// The store of everything: the main table and the public token keys' own.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    keys_name: String,
}

impl Table {
    /// `name` and `keys_name` are the physical names of the two tables.
    pub fn new(client: Client, name: String, keys_name: String) -> Self {
        Self { client, name, keys_name }
    }

    /// Whether the table answers: one read of an item that need not be there.
    pub async fn ping(&self) -> Result<(), TableError> {
        self.client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(Key::counter("health").into()))
            .send()
            .await?;
        Ok(())
    }
}
