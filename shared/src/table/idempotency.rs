//! Requests that may come again: each leaves, in the transaction that it makes its change in, what it takes
//! to answer it in the same way.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::expression::Expression;
use super::key::{self, Item, Key};
use super::{Table, TableError};
use crate::model::idempotency::IdempotencyKey;
use crate::model::record::Details;
use crate::model::timestamp::Timestamp;

/// How long a key is remembered.
const REMEMBERED_FOR: Duration = Duration::from_hours(24);

/// What is remembered of a creation. Not what was created: whoever sends the same request again brings it
/// along, and a record that is deleted leaves nothing behind.
#[derive(Debug, Serialize, Deserialize)]
pub struct Creation {
    /// SHA-256, in base64url, of what was to be created.
    fingerprint: String,
    /// The id it got.
    pub id: u64,
    pub created_at: Timestamp,
}

impl Creation {
    pub fn new<D: Details>(
        details: &D,
        id: u64,
        created_at: Timestamp,
    ) -> Result<Self, TableError> {
        Ok(Self { fingerprint: fingerprint(details)?, id, created_at })
    }

    /// Whether it was made of the same details.
    pub fn is_of<D: Details>(&self, details: &D) -> Result<bool, TableError> {
        Ok(self.fingerprint == fingerprint(details)?)
    }

    /// The item under which it is remembered, and the condition that no other one is.
    pub fn item(&self, key: &IdempotencyKey) -> Result<(Item, Expression), TableError> {
        let mut item = key::item(self, key_of(key))?;
        let ttl = self.created_at.plus(REMEMBERED_FOR).as_second();
        item.insert("ttl".to_owned(), AttributeValue::N(ttl.to_string()));
        // DynamoDB takes its time to remove what has expired.
        let is_free = Expression::condition("attribute_not_exists(pk) OR #ttl <= :now")
            .number(":now", self.created_at.as_second());
        Ok((item, is_free))
    }
}

impl Table {
    /// What is remembered under a key. Calls: Get.
    pub(super) async fn creation(
        &self,
        key: &IdempotencyKey,
    ) -> Result<Option<Creation>, TableError> {
        let item = self.read_item(key_of(key)).await?;
        item.map(from_item).transpose().map_err(TableError::unreadable)
    }
}

fn key_of(key: &IdempotencyKey) -> Key {
    Key::idempotency(key.caller, digest(&SHA256, key.key.as_str().as_bytes()).as_ref())
}

/// Of the details as they were understood, so that white space and the order of fields do not matter.
fn fingerprint<D: Details>(details: &D) -> Result<String, TableError> {
    let details = serde_json::to_vec(&(D::KIND, details))
        .map_err(|_| TableError::Unexpected("details cannot be written".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(digest(&SHA256, &details)))
}
