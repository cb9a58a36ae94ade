//! The public token keys as a verifier holds them: read while initialising, again when an unknown one is
//! met, but not more often than every 30 seconds, and every 15 minutes, to learn what has retired.

use std::collections::HashMap;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use tokio::sync::RwLock;

use crate::app::App;
use crate::error::ApiError;
use crate::model::timestamp::Timestamp;
use crate::table::PublicKey;

/// How long a known key is used before its retirement is looked for.
const KNOWN_FOR: Duration = Duration::from_mins(15);

/// So that made-up key ids do not become reads.
const REREAD_AFTER: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct Keyring(RwLock<Known>);

#[derive(Default)]
struct Known {
    keys: HashMap<String, (PublicKey, DecodingKey)>,
    /// `None` until some key was found: an empty answer is not remembered.
    read_at: Option<Timestamp>,
}

impl Known {
    fn key(&self, kid: &str, now: Timestamp) -> Option<DecodingKey> {
        let (public_key, key) = self.keys.get(kid)?;
        public_key.counts(now).then(|| key.clone())
    }
}

impl Keyring {
    /// The published key of this id.
    pub async fn key(&self, app: &App, kid: &str) -> Result<Option<DecodingKey>, ApiError> {
        let now = app.now();
        let (found, read_at) = {
            let known = self.0.read().await;
            (known.key(kid, now), known.read_at)
        };
        let lasts = if found.is_some() { KNOWN_FOR } else { REREAD_AFTER };
        if read_at.is_some_and(|read_at| now < read_at.plus(lasts)) {
            return Ok(found);
        }
        match self.refresh(app).await {
            Ok(()) => Ok(self.0.read().await.key(kid, now)),
            Err(error) if found.is_some() => {
                tracing::warn!(%error, "the token keys cannot be read again");
                Ok(found)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads all published keys.
    pub async fn refresh(&self, app: &App) -> Result<(), ApiError> {
        let mut keys = HashMap::new();
        for public_key in app.table().public_keys(app.now()).await? {
            match DecodingKey::from_ed_components(&public_key.x) {
                Ok(key) => drop(keys.insert(public_key.kid.clone(), (public_key, key))),
                // One bad row must not lock out everybody.
                Err(error) => tracing::warn!(kid = public_key.kid, %error, "a key is not readable"),
            }
        }
        let read_at = (!keys.is_empty()).then(|| app.now());
        *self.0.write().await = Known { keys, read_at };
        Ok(())
    }
}
