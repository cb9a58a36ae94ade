//! The public halves of the token keys, in a table of their own: code that can write them can mint tokens. The same Query
//! reads the keys of cursors, which are in this table for that.

use serde::{Deserialize, Serialize};

use super::cursor_keys::CursorKeys;
use super::error::StoreError;
use super::keys;
use super::tables::Store;
use crate::dynamo::{self, Changed, Expression, Key, Query};
use crate::model::timestamp::Timestamp;

/// All public token keys.
#[derive(Debug)]
pub struct SigningKeys<'a> {
    store: &'a Store,
}

/// An Ed25519 key; its parts have the names of a JWK (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The RFC 7638 thumbprint.
    pub kid: String,
    /// The key's 32 bytes in base64url.
    pub x: String,
    pub published_at: Timestamp,
    /// When tokens signed with it stop being valid; `None` while it may sign.
    pub retires_at: Option<Timestamp>,
}

/// The content of the keys table.
#[derive(Debug, Default)]
pub struct PublishedKeys {
    /// The valid ones.
    pub token_keys: Vec<PublicKey>,
    /// `None` until they are made.
    pub cursor_keys: Option<CursorKeys>,
}

impl PublicKey {
    /// Whether tokens signed with it are valid.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.retires_at.is_none_or(|retires_at| now < retires_at)
    }
}

impl Store {
    pub fn signing_keys(&self) -> SigningKeys<'_> {
        SigningKeys { store: self }
    }
}

impl SigningKeys<'_> {
    /// Publishes the key of a secret that is current or becomes it, unless it is published already, and returns the
    /// published key. If it has retired, it is published anew: so the key of any other secret may only be looked up.
    /// Calls: PutItem; GetItem if the refusal has no item.
    pub async fn publish(&self, public_key: PublicKey) -> Result<PublicKey, StoreError> {
        let item = dynamo::write(&public_key, Key::signing_key(&public_key.kid))?;
        let is_new = Expression::only("attribute_not_exists(pk) OR retires_at <= :now")
            .text(":now", public_key.published_at);
        match self.store.keys.put_if(item, is_new).await? {
            Changed::Done(_) => Ok(public_key),
            Changed::Refused(Some(item)) => Ok(dynamo::parse(item)?),
            // An older emulator returns no item.
            Changed::Refused(None) => {
                let published = self.get(&public_key.kid).await?;
                published.ok_or_else(|| StoreError::missing("the key"))
            }
        }
    }

    /// Returns all published keys that are valid, and the keys of cursors, read consistently. Calls: Query.
    pub async fn read(&self, now: Timestamp) -> Result<PublishedKeys, StoreError> {
        let rows = self.store.keys.query(Query::partition(keys::SIGNING_KEYS)).await?;
        let mut published = PublishedKeys::default();
        for item in rows.items {
            if dynamo::string(&item, "sk") == Some(keys::CURSOR_KEYS) {
                published.cursor_keys = Some(CursorKeys::parse(item)?);
                continue;
            }
            // DynamoDB removes expired items late.
            let key = Some(dynamo::parse(item)?).filter(|key: &PublicKey| key.is_valid(now));
            published.token_keys.extend(key);
        }
        Ok(published)
    }

    /// Returns all published keys that are valid, read consistently. Calls: Query.
    pub async fn valid(&self, now: Timestamp) -> Result<Vec<PublicKey>, StoreError> {
        Ok(self.read(now).await?.token_keys)
    }

    /// Returns a published key, valid or retired. Calls: GetItem.
    pub async fn get(&self, kid: &str) -> Result<Option<PublicKey>, StoreError> {
        let item = self.store.keys.get(Key::signing_key(kid)).await?;
        Ok(item.map(dynamo::parse).transpose()?)
    }

    /// Sets when a key retires, unless that is set already. Calls: UpdateItem.
    pub async fn retire(&self, kid: &str, retires_at: Timestamp) -> Result<(), StoreError> {
        let retire = Expression::update("SET retires_at = :then, #ttl = :ttl")
            .only_if("attribute_exists(pk) AND NOT attribute_type(retires_at, :text)")
            .text(":then", retires_at)
            .number(":ttl", retires_at.as_second())
            .text(":text", "S");
        self.store.keys.change(Key::signing_key(kid), retire).await?;
        Ok(())
    }
}
