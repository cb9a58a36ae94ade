//! The public token keys of a verifier. It reads them while it starts, again for an unknown key, at most every 30
//! seconds, and every 15 minutes, to learn which keys have retired.

use std::collections::HashMap;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use tokio::sync::RwLock;

use crate::error::ApiError;
use crate::model::timestamp::Timestamp;
use crate::store::{PublicKey, Store};

/// How long a known key is used before the keys are read again.
const KNOWN_FOR: Duration = Duration::from_mins(15);

/// The least time between two reads, so that made-up key ids do not become reads.
const REREAD_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub struct Keyring(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, (PublicKey, DecodingKey)>,
    /// `None` until a key was found: an empty answer is not remembered.
    read_at: Option<Timestamp>,
}

impl Known {
    fn key(&self, kid: &str, now: Timestamp) -> Option<DecodingKey> {
        let (public_key, key) = self.keys.get(kid)?;
        public_key.is_valid(now).then(|| key.clone())
    }
}

impl Keyring {
    /// Returns the valid key of this id.
    pub async fn key(
        &self,
        store: &Store,
        now: Timestamp,
        kid: &str,
    ) -> Result<Option<DecodingKey>, ApiError> {
        let (found, read_at) = {
            let known = self.0.read().await;
            (known.key(kid, now), known.read_at)
        };
        let lasts = if found.is_some() { KNOWN_FOR } else { REREAD_AFTER };
        if read_at.is_some_and(|read_at| now < read_at.plus(lasts)) {
            return Ok(found);
        }
        match self.refresh(store, now).await {
            Ok(()) => Ok(self.0.read().await.key(kid, now)),
            Err(error) if found.is_some() => {
                tracing::warn!(%error, "the token keys cannot be read again");
                Ok(found)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads all valid keys. Calls: Query.
    pub async fn refresh(&self, store: &Store, now: Timestamp) -> Result<(), ApiError> {
        let mut keys = HashMap::new();
        for public_key in store.signing_keys().valid(now).await? {
            match DecodingKey::from_ed_components(&public_key.x) {
                Ok(key) => drop(keys.insert(public_key.kid.clone(), (public_key, key))),
                // One bad item must not lock everybody out.
                Err(error) => tracing::warn!(kid = public_key.kid, %error, "a key is not readable"),
            }
        }
        let read_at = (!keys.is_empty()).then_some(now);
        *self.0.write().await = Known { keys, read_at };
        Ok(())
    }
}
