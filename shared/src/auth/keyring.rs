//! The public token keys of a verifier. It reads them while it starts, again for an unknown key, at most every 30
//! seconds, and every 15 minutes, to learn which keys have retired. While they cannot be read, it uses the known ones
//! for another 15 minutes, and tries again after pauses. The same reads bring the keys of cursors.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use tokio::sync::RwLock;

use crate::error::ApiError;
use crate::model::timestamp::Timestamp;
use crate::store::{CursorKeys, PublicKey, PublishedKeys, Store};

/// How long a known key is used before the keys are read again.
const KNOWN_FOR: Duration = Duration::from_mins(15);

/// How long a known key is used if the keys cannot be read again. A rotation keeps a replaced key valid for as long, so
/// a verifier that misses the rotation forgets that key no later than it would have retired. It also bounds how long a
/// leaked key that was deleted is still accepted.
const USABLE_FOR: Duration = Duration::from_mins(30);

/// The least time between two reads, so that made-up key ids do not become reads.
const REREAD_AFTER: Duration = Duration::from_secs(30);

/// The pause from the beginning of a read that failed to the next read; it doubles with each further failure, up to
/// [`REREAD_AFTER`]. A read fails after seven seconds of attempts.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub struct Keyring(RwLock<Known>);

type Keys = HashMap<String, (PublicKey, DecodingKey)>;

#[derive(Debug, Default)]
struct Known {
    keys: Keys,
    cursor_keys: Option<Arc<CursorKeys>>,
    /// `None` until a key was found: an empty answer is not remembered.
    read_at: Option<Timestamp>,
    /// The number of reads that failed since then.
    failures: u32,
    /// When to read again after a failure.
    retry_at: Option<Timestamp>,
}

impl Known {
    fn key(&self, kid: &str, now: Timestamp) -> Option<DecodingKey> {
        let (public_key, key) = self.keys.get(kid)?;
        public_key.is_valid(now).then(|| key.clone())
    }

    fn is_younger(&self, age: Duration, now: Timestamp) -> bool {
        self.read_at.is_some_and(|read_at| now < read_at.plus(age))
    }

    fn note_failure(&mut self, now: Timestamp) {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now.plus(pause.min(REREAD_AFTER)));
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
        let (usable, must_wait) = {
            let known = self.0.read().await;
            let found = known.key(kid, now);
            let lasts = if found.is_some() { KNOWN_FOR } else { REREAD_AFTER };
            if known.is_younger(lasts, now) {
                return Ok(found);
            }
            let must_wait = known.retry_at.is_some_and(|retry_at| now < retry_at);
            (found.filter(|_| known.is_younger(USABLE_FOR, now)), must_wait)
        };
        let failure = if must_wait {
            ApiError::unavailable("the token keys could not be read a moment ago")
        } else {
            match self.refresh(store, now).await {
                Ok(()) => return Ok(self.0.read().await.key(kid, now)),
                Err(error) => {
                    if usable.is_some() {
                        tracing::warn!(%error, "the token keys cannot be read again");
                    }
                    error
                }
            }
        };
        usable.map(Some).ok_or(failure)
    }

    /// Returns the keys of cursors, as they were read with the token keys; `None` if there were none. Calls: none.
    pub async fn cursor_keys(&self) -> Option<Arc<CursorKeys>> {
        self.0.read().await.cursor_keys.clone()
    }

    /// Reads all valid keys. Calls: Query.
    pub async fn refresh(&self, store: &Store, now: Timestamp) -> Result<(), ApiError> {
        match read(store, now).await {
            Ok((keys, cursor_keys)) => {
                let read_at = (!keys.is_empty()).then_some(now);
                *self.0.write().await = Known { keys, cursor_keys, read_at, ..Known::default() };
                Ok(())
            }
            Err(error) => {
                self.0.write().await.note_failure(now);
                Err(error)
            }
        }
    }
}

async fn read(store: &Store, now: Timestamp) -> Result<(Keys, Option<Arc<CursorKeys>>), ApiError> {
    let PublishedKeys { token_keys, cursor_keys } = store.signing_keys().read(now).await?;
    let mut keys = Keys::new();
    for public_key in token_keys {
        match DecodingKey::from_ed_components(&public_key.x) {
            Ok(key) => drop(keys.insert(public_key.kid.clone(), (public_key, key))),
            // One bad item must not lock everybody out.
            Err(error) => tracing::warn!(kid = public_key.kid, %error, "a key is not readable"),
        }
    }
    Ok((keys, cursor_keys.map(Arc::new)))
}

#[cfg(test)]
mod tests {
    use repo::template::TABLE_NAME;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::auth::token;
    use crate::model::user::Role;
    use crate::testing::{World, run};

    /// Returns a store whose keys table does not exist, so that each read of it fails at once.
    fn without_keys(world: &World) -> Store {
        Store::new(world.dynamodb.clone(), [TABLE_NAME, "absent", "absent"].map(str::to_owned))
    }

    /// Returns the id of a published key.
    async fn published(world: &World) -> String {
        let actor = world.actor(Role::Staff).await;
        token::kid_of(actor.token.expose_secret()).unwrap()
    }

    /// So that a function that gets a cursor has the key with which another one sealed it.
    #[test]
    fn new_cursor_key_seals_only_when_every_verifier_has_read_it() {
        assert!(USABLE_FOR < CursorKeys::SEALS_AFTER);
        assert!(USABLE_FOR + CursorKeys::SEALS_AFTER < CursorKeys::OPENS_FOR);
    }

    #[test]
    fn known_key_is_used_for_half_an_hour_while_keys_cannot_be_read() {
        run(async |world: World| {
            let (good, bad) = (world.app.store(), without_keys(&world));
            let kid = published(&world).await;
            let keyring = Keyring::default();
            assert!(keyring.key(good, world.app.now(), &kid).await.unwrap().is_some());
            world.advance(USABLE_FOR - Duration::from_millis(1));
            assert!(keyring.key(&bad, world.app.now(), &kid).await.unwrap().is_some());
            world.advance(Duration::from_millis(1));
            assert!(keyring.key(&bad, world.app.now(), &kid).await.is_err());
            world.advance(REREAD_AFTER);
            assert!(keyring.key(good, world.app.now(), &kid).await.unwrap().is_some());
        });
    }

    #[test]
    fn keys_are_read_again_after_pauses_that_double_up_to_thirty_seconds() {
        run(async |world: World| {
            let (good, bad) = (world.app.store(), without_keys(&world));
            let kid = published(&world).await;
            let keyring = Keyring::default();
            for pause in [10, 20, 30, 30] {
                assert!(keyring.key(&bad, world.app.now(), &kid).await.is_err());
                world.advance(Duration::from_secs(pause) - Duration::from_millis(1));
                // The keys could be read now, but nothing is read.
                let early = keyring.key(good, world.app.now(), &kid).await;
                assert!(matches!(early, Err(ApiError::Unavailable { .. })));
                world.advance(Duration::from_millis(1));
            }
            assert!(keyring.key(good, world.app.now(), &kid).await.unwrap().is_some());
        });
    }
}
