//! Idempotency keys: a creation stores, in its own transaction, what it takes to answer the same request again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::tables::Store;
use crate::dynamo::{self, AttributeValue, Expression, Item, Key};
use crate::model::idempotency::IdempotencyKey;
use crate::model::record::Details;
use crate::model::timestamp::Timestamp;

/// How long a key is remembered.
const REMEMBERED_FOR: Duration = Duration::from_hours(24);

/// The memory of a creation under a key. It does not hold the record: the same request brings it again, and a deleted
/// record leaves nothing behind.
#[derive(Debug, Serialize, Deserialize)]
pub struct Creation {
    /// SHA-256, in base64url, of the details of the record.
    fingerprint: String,
    /// The id of the record.
    pub id: u64,
    pub created_at: Timestamp,
    /// The ids of the possible duplicates that the answer named. An item of an earlier version has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible_duplicates: Vec<u64>,
}

impl Creation {
    pub fn new<D: Details>(
        details: &D,
        id: u64,
        created_at: Timestamp,
    ) -> Result<Self, StoreError> {
        let fingerprint = fingerprint(details)?;
        Ok(Self { fingerprint, id, created_at, possible_duplicates: Vec::new() })
    }

    /// Remembers the possible duplicates that the answer names.
    pub fn with_duplicates(self, ids: impl Iterator<Item = u64>) -> Self {
        Self { possible_duplicates: ids.collect(), ..self }
    }

    /// Whether the record had the same details.
    pub fn is_of<D: Details>(&self, details: &D) -> Result<bool, StoreError> {
        Ok(self.fingerprint == fingerprint(details)?)
    }

    /// Returns the item of this creation, and the condition that the key is free.
    pub fn item(&self, key: &IdempotencyKey) -> Result<(Item, Expression), StoreError> {
        let mut item = dynamo::write(self, key_of(key))?;
        let ttl = self.created_at.plus(REMEMBERED_FOR).as_second();
        item.insert("ttl".to_owned(), AttributeValue::N(ttl.to_string()));
        // DynamoDB removes expired items late.
        let is_free = Expression::only("attribute_not_exists(pk) OR #ttl <= :now")
            .number(":now", self.created_at.as_second());
        Ok((item, is_free))
    }
}

impl Store {
    /// Returns what a key remembers. Calls: GetItem.
    pub(super) async fn creation(
        &self,
        key: &IdempotencyKey,
    ) -> Result<Option<Creation>, StoreError> {
        let item = self.main.get(key_of(key)).await?;
        Ok(item.map(dynamo::parse).transpose()?)
    }
}

fn key_of(key: &IdempotencyKey) -> Key {
    Key::idempotency(key.caller, digest(&SHA256, key.key.as_str().as_bytes()).as_ref())
}

/// Covers the parsed details, so that white space and the order of fields do not matter.
fn fingerprint<D: Details>(details: &D) -> Result<String, StoreError> {
    let details = serde_json::to_vec(&(D::KIND, details))
        .map_err(|_| StoreError::unexpected("details cannot be written"))?;
    Ok(URL_SAFE_NO_PAD.encode(digest(&SHA256, &details)))
}
