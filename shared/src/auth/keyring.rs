//! The public token keys as a verifier holds them: read while initialising, and again when an unknown
//! one is met, but not more often than every 30 seconds.

use std::collections::HashMap;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use tokio::sync::RwLock;

use crate::app::App;
use crate::error::ApiError;
use crate::model::timestamp::Timestamp;

/// So that made-up key ids do not become reads.
const REREAD_AFTER: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct Keyring(RwLock<Known>);

#[derive(Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    /// `None` until some key was found: an empty answer is not remembered.
    read_at: Option<Timestamp>,
}

impl Keyring {
    /// The published key of this id.
    pub async fn key(&self, app: &App, kid: &str) -> Result<Option<DecodingKey>, ApiError> {
        let read_at = {
            let known = self.0.read().await;
            if let Some(key) = known.keys.get(kid) {
                return Ok(Some(key.clone()));
            }
            known.read_at
        };
        if read_at.is_some_and(|read_at| app.now() < read_at.plus(REREAD_AFTER)) {
            return Ok(None);
        }
        self.refresh(app).await?;
        Ok(self.0.read().await.keys.get(kid).cloned())
    }

    /// Reads all published keys.
    pub async fn refresh(&self, app: &App) -> Result<(), ApiError> {
        let mut keys = HashMap::new();
        for public_key in app.table().public_keys().await? {
            match DecodingKey::from_ed_components(&public_key.x) {
                Ok(key) => drop(keys.insert(public_key.kid, key)),
                // One bad row must not lock out everybody.
                Err(error) => tracing::warn!(kid = public_key.kid, %error, "a key is not readable"),
            }
        }
        let read_at = (!keys.is_empty()).then(|| app.now());
        *self.0.write().await = Known { keys, read_at };
        Ok(())
    }
}
