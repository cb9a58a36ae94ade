//! The keys that seal the cursors of lists: one item of the keys table, which the Query of the public token keys also
//! reads. It holds the current key and the one that this replaced.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::keys::CURSOR_KEYS;
use super::tables::Store;
use crate::dynamo::{self, DynamoError, Expression, Item, Key};
use crate::model::timestamp::Timestamp;
use crate::system::{NoRandomness, System};

/// The item of the keys that seal cursors.
#[derive(Debug)]
pub struct CursorKeyItem<'a> {
    store: &'a Store,
}

/// A key that seals cursors.
#[derive(Debug, Clone)]
pub struct CursorKey {
    /// [`CursorKey::ID_LENGTH`] characters of base64url.
    pub id: String,
    /// 32 bytes in base64url.
    pub secret: SecretString,
}

/// The current key and its predecessor.
#[derive(Debug, Clone)]
pub struct CursorKeys {
    pub current: CursorKey,
    pub previous: Option<CursorKey>,
    /// When the current key was made.
    pub changed_at: Timestamp,
}

impl CursorKey {
    /// A multiple of four, so that an id is whole bytes in base64url.
    pub const ID_LENGTH: usize = 8;

    /// Returns a new key.
    pub fn random(system: &System) -> Result<Self, NoRandomness> {
        Ok(Self { id: system.random_text::<6>()?, secret: system.random_text::<32>()?.into() })
    }
}

impl CursorKeys {
    /// How long after it is made a key begins to seal, if it has a predecessor: longer than a verifier uses what it has
    /// read of the keys table, so that every function that gets a cursor has the key for it.
    pub const SEALS_AFTER: Duration = Duration::from_hours(1);

    /// How long after its replacement a key opens cursors.
    pub const OPENS_FOR: Duration = Duration::from_hours(24);

    /// Returns the key that seals now.
    pub fn sealing(&self, now: Timestamp) -> &CursorKey {
        match &self.previous {
            Some(previous) if now < self.changed_at.plus(Self::SEALS_AFTER) => previous,
            _ => &self.current,
        }
    }

    /// Returns the key of this id, if it opens cursors now.
    pub fn opening(&self, id: &str, now: Timestamp) -> Option<&CursorKey> {
        let previous = self.previous.as_ref();
        let previous = previous.filter(|_| now < self.changed_at.plus(Self::OPENS_FOR));
        [Some(&self.current), previous].into_iter().flatten().find(|key| key.id == id)
    }

    pub(super) fn parse(item: Item) -> Result<Self, StoreError> {
        let Row { published_at, current, previous, .. } = dynamo::parse(item)?;
        let previous = previous.map(CursorKey::from);
        Ok(Self { current: current.into(), previous, changed_at: published_at })
    }
}

impl Store {
    pub fn cursor_keys(&self) -> CursorKeyItem<'_> {
        CursorKeyItem { store: self }
    }
}

impl CursorKeyItem<'_> {
    /// Makes this key the first one, unless there is a key. `secret_version` is the version of the token secret with
    /// which it is made. Calls: PutItem.
    pub async fn make(
        &self,
        key: &CursorKey,
        secret_version: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let item = row(key, None, secret_version, now)?;
        self.store.keys.put_if(item, Expression::absent()).await?;
        Ok(())
    }

    /// Replaces the current key by this one, unless it was made with the same version of the token secret: a step of a
    /// rotation may be repeated. The key before the replaced one is forgotten. Calls: GetItem, PutItem.
    pub async fn rotate(
        &self,
        key: &CursorKey,
        secret_version: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(item) = self.store.keys.get(Key::cursor_keys()).await? else {
            return self.make(key, secret_version, now).await;
        };
        let replaced: Row = dynamo::parse(item)?;
        if replaced.secret_version == secret_version {
            return Ok(());
        }
        let item = row(key, Some(replaced.current), secret_version, now)?;
        let is_unchanged = Expression::only("secret_version = :replaced")
            .text(":replaced", replaced.secret_version);
        // A refusal means that the same step has done this at the same time.
        self.store.keys.put_if(item, is_unchanged).await?;
        Ok(())
    }
}

/// The content of the item. Earlier versions read it as a token key. The first four attributes make it one that has
/// retired, so that they ignore it during an update and after a return to them.
#[derive(Serialize, Deserialize)]
struct Row {
    kid: String,
    x: String,
    published_at: Timestamp,
    retires_at: Timestamp,
    secret_version: String,
    current: StoredKey,
    previous: Option<StoredKey>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    id: String,
    secret: String,
}

fn row(
    key: &CursorKey,
    previous: Option<StoredKey>,
    secret_version: &str,
    now: Timestamp,
) -> Result<Item, DynamoError> {
    let row = Row {
        kid: CURSOR_KEYS.to_owned(),
        x: String::new(),
        published_at: now,
        retires_at: now,
        secret_version: secret_version.to_owned(),
        current: StoredKey { id: key.id.clone(), secret: key.secret.expose_secret().to_owned() },
        previous,
    };
    dynamo::write(&row, Key::cursor_keys())
}

impl From<StoredKey> for CursorKey {
    fn from(StoredKey { id, secret }: StoredKey) -> Self {
        Self { id, secret: secret.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn key(id: &str) -> CursorKey {
        CursorKey { id: id.to_owned(), secret: "hush-91b".into() }
    }

    #[test]
    fn previous_key_seals_for_an_hour_and_opens_for_a_day() {
        let changed_at = Timestamp::from_millisecond(0);
        let keys = CursorKeys { current: key("new"), previous: Some(key("old")), changed_at };
        for (hours, sealing, opens) in [(0, "old", true), (1, "new", true), (24, "new", false)] {
            let now = changed_at.plus(HOUR * hours);
            assert_eq!(keys.sealing(now).id, sealing);
            assert_eq!(keys.opening("old", now).is_some(), opens, "{hours}");
            assert!(keys.opening("new", now).is_some() && keys.opening("other", now).is_none());
        }
        let first = CursorKeys { previous: None, ..keys };
        assert_eq!(first.sealing(changed_at).id, "new");
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", key("new")).contains("hush-91b"));
    }
}
