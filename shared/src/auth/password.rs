//! Passwords hashed and verified: off the async threads, and no more at once than memory allows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::hash_memory::HashMemory;
use super::stored_hash::{self, HASH_MEMORY_KIB, HashError, StoredHash};
use crate::app::App;
use crate::error::ApiError;
use crate::model::password::Password;

/// How long a password may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// The places for hashing: one for each hash of today's size that fits into half of the memory.
#[derive(Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    all: u32,
    /// Of places that nobody has now.
    memories: Mutex<Vec<HashMemory>>,
}

impl Places {
    /// `memory_mib` is the function's.
    pub fn new(memory_mib: usize) -> Self {
        let fit = memory_mib.saturating_mul(1024 / 2) / HASH_MEMORY_KIB as usize;
        let all = u32::try_from(fit).unwrap_or(u32::MAX).clamp(1, 1024);
        Self { free: Arc::new(Semaphore::new(all as usize)), all, memories: Mutex::default() }
    }

    /// For whoever has so many places. What has been kept for the others of them is freed.
    fn memory(&self, places: u32) -> HashMemory {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = memories.len().saturating_sub(places as usize);
        memories.drain(mine..).next().unwrap_or_default()
    }

    fn keep(&self, memory: HashMemory) {
        if memory.is_worth_keeping() {
            self.memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        }
    }
}

#[cfg(feature = "testing")]
impl Places {
    /// As if so many were hashing that there is no place left, until what this gives is dropped.
    pub fn take_all(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        self.free.clone().try_acquire_many_owned(self.all).ok()
    }
}

/// What the check of a password says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right {
        /// Whether the hash is of another kind or cost than a new one.
        is_outdated: bool,
    },
}

/// The PHC string of a password, under a fresh salt.
pub async fn hash(app: &App, password: Password) -> Result<SecretString, ApiError> {
    let salt: [u8; 16] = app.random_bytes()?;
    in_place(app, 1, move |memory| stored_hash::argon2id(password.expose(), &salt, memory)).await
}

/// Whether the password is that of the hash; without a hash never, after the work of one.
pub async fn verify(
    app: &App,
    hash: Option<&SecretString>,
    password: Password,
) -> Result<Verdict, ApiError> {
    let is_there = hash.is_some();
    let stored = match hash {
        Some(hash) => StoredHash::parse(hash.expose_secret()),
        None => StoredHash::nobodys(),
    };
    let stored = stored.map_err(unreadable)?;
    let places = stored.memory_kib().div_ceil(HASH_MEMORY_KIB).max(1);
    in_place(app, places, move |memory| {
        let is_right = stored.verify(password.expose(), memory)?;
        Ok(if is_right && is_there {
            Verdict::Right { is_outdated: !stored.is_todays() }
        } else {
            Verdict::Wrong
        })
    })
    .await
}

/// Whether [`verify`] understands a stored hash, and can afford it.
pub fn is_supported(hash: &str) -> bool {
    StoredHash::parse(hash).is_ok()
}

/// Does the work on a thread of its own, once there is room for it; whoever waits too long is to come
/// again. The room is given back when the work ends, even if nobody waits for its result any more.
async fn in_place<T: Send + 'static>(
    app: &App,
    places: u32,
    work: impl FnOnce(&mut HashMemory) -> Result<T, HashError> + Send + 'static,
) -> Result<T, ApiError> {
    let Places { free, all, .. } = app.places();
    let places = places.min(*all);
    let place = free.clone().acquire_many_owned(places);
    let place = match timeout(PATIENCE, place).await {
        Ok(Ok(place)) => place,
        Ok(Err(_closed)) => return Err(ApiError::internal("the places are closed")),
        Err(_elapsed) => return Err(ApiError::unavailable("too many passwords at once")),
    };
    let app = app.clone();
    let done = tokio::task::spawn_blocking(move || {
        let mut memory = app.places().memory(places);
        let outcome = work(&mut memory);
        app.places().keep(memory);
        drop(place);
        outcome
    });
    let done = done.await.map_err(|_panic| ApiError::internal("the hashing panicked"))?;
    done.map_err(unreadable)
}

fn unreadable(error: HashError) -> ApiError {
    ApiError::internal(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_place_for_each_hash_that_fits() {
        assert_eq!(Places::new(1024).all, 26);
        assert_eq!(Places::new(16).all, 1);
    }

    #[test]
    fn whoever_has_several_places_leaves_no_more_memory_to_others_than_is_theirs() {
        let places = Places::new(1024);
        for _ in 0..4 {
            places.keep(HashMemory::default());
        }
        places.memory(3);
        assert_eq!(places.memories.lock().unwrap().len(), 1);
        places.memory(3);
        assert!(places.memories.lock().unwrap().is_empty());
    }
}
