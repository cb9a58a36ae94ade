//! Items that expire. DynamoDB removes them late, so every read compares the time itself.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::tables::Store;
use crate::dynamo::{self, AttributeValue, Item, Key};
use crate::model::timestamp::Timestamp;

/// The content of an item that expires.
pub(super) trait Expires {
    fn expires_at(&self) -> Timestamp;
}

impl Store {
    /// Puts an item that expires. Calls: PutItem.
    pub(super) async fn put_expiring<T: Serialize + Expires>(
        &self,
        content: &T,
        key: Key,
    ) -> Result<(), StoreError> {
        let item = dynamo::write(content, key)?;
        Ok(self.main.put(expiring(item, content.expires_at())).await?)
    }

    /// Returns an item, unless it has expired. Calls: GetItem.
    pub(super) async fn unexpired<T: DeserializeOwned + Expires>(
        &self,
        key: Key,
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let item = self.main.get(key).await?;
        let content: Option<T> = item.map(dynamo::parse).transpose()?;
        Ok(content.filter(|content| now < content.expires_at()))
    }
}

/// Returns an item that DynamoDB may remove once it has expired.
pub(super) fn expiring(mut item: Item, expires_at: Timestamp) -> Item {
    let ttl = AttributeValue::N(expires_at.as_second().to_string());
    item.insert("ttl".to_owned(), ttl);
    item
}
