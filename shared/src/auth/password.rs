//! Hashes, verifies and judges passwords: off the async threads, and only as many at once as memory allows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::hash_memory::{HASH_MEMORY_KIB, HashMemory};
use super::stored_hash::{self, HashError, StoredHash};
use crate::error::ApiError;
use crate::model::password::Password;
use crate::system::System;

/// How long a password may wait for a free slot.
const PATIENCE: Duration = Duration::from_secs(2);

/// The slots for hashing: one for each hash of today's size that fits into half of the memory.
#[derive(Debug)]
pub struct HashSlots {
    free: Arc<Semaphore>,
    all: u32,
    /// The memory of free slots, kept for the next hash.
    memories: Mutex<Vec<HashMemory>>,
}

impl HashSlots {
    /// `memory_mib` is the function's memory.
    pub fn new(memory_mib: usize) -> Self {
        let fit = memory_mib.saturating_mul(1024 / 2) / HASH_MEMORY_KIB as usize;
        let all = u32::try_from(fit).unwrap_or(u32::MAX).clamp(1, 1024);
        Self { free: Arc::new(Semaphore::new(all as usize)), all, memories: Mutex::default() }
    }

    /// Returns memory for a hash that has this many slots. Memory kept for its other slots is freed.
    fn memory(&self, slots: u32) -> HashMemory {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = memories.len().saturating_sub(slots as usize);
        memories.drain(mine..).next().unwrap_or_default()
    }

    fn keep(&self, memory: HashMemory) {
        if memory.is_worth_keeping() {
            self.memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        }
    }
}

#[cfg(feature = "testing")]
impl HashSlots {
    /// Takes all slots, as if hashes were running in them, until the permit is dropped.
    pub fn take_all(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        self.free.clone().try_acquire_many_owned(self.all).ok()
    }
}

/// The result of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    Wrong,
    Right {
        /// Whether a new hash would be another: of another kind or cost, or of the password's normal form.
        is_outdated: bool,
    },
}

impl HashSlots {
    /// Returns the PHC string of a password, under a fresh salt.
    pub async fn hash(
        self: &Arc<Self>,
        system: &System,
        password: Password,
    ) -> Result<SecretString, ApiError> {
        let salt: [u8; 16] = system.random_bytes()?;
        self.run(1, move |memory| stored_hash::argon2id(password.expose(), &salt, memory)).await
    }

    /// Checks a password against a hash. Without a hash it is wrong, after the same work. A password whose normal form is
    /// not what was typed costs a second hash if the first one does not match.
    pub async fn verify(
        self: &Arc<Self>,
        hash: Option<&SecretString>,
        password: Password,
    ) -> Result<PasswordCheck, ApiError> {
        let has_hash = hash.is_some();
        let stored = match hash {
            Some(hash) => StoredHash::parse(hash.expose_secret()),
            None => StoredHash::dummy(),
        };
        let stored = stored.map_err(ApiError::internal)?;
        let slots = stored.memory_kib().div_ceil(HASH_MEMORY_KIB).max(1);
        self.run(slots, move |memory| {
            let is_right = stored.verify(password.expose(), memory)?;
            let is_as_typed = match password.expose_other_spelling() {
                Some(typed) if !is_right => stored.verify(typed, memory)?,
                _ => false,
            };
            Ok(if has_hash && (is_right || is_as_typed) {
                PasswordCheck::Right { is_outdated: is_as_typed || !stored.is_current() }
            } else {
                PasswordCheck::Wrong
            })
        })
        .await
    }

    /// Does work on a password on a thread of its own, once slots are free; a request that waits too long must come
    /// again. The slots are free again when the work ends, even if nobody waits for its result any more.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        slots: u32,
        work: impl FnOnce(&mut HashMemory) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let slots = slots.min(self.all);
        let permit = self.free.clone().acquire_many_owned(slots);
        let permit = match timeout(PATIENCE, permit).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_closed)) => return Err(ApiError::internal("the hash slots are closed")),
            Err(_elapsed) => return Err(ApiError::unavailable("too many passwords at once")),
        };
        let this = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut memory = this.memory(slots);
            let outcome = work(&mut memory);
            this.keep(memory);
            drop(permit);
            outcome
        });
        let done =
            done.await.map_err(|_panic| ApiError::internal("the work on a password panicked"))?;
        done.map_err(ApiError::internal)
    }
}

/// Whether [`HashSlots::verify`] understands a stored hash, and can afford it.
pub fn is_supported(hash: &str) -> bool {
    StoredHash::parse(hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSED: &str = "p\u{e4}sswort";
    const DECOMPOSED: &str = "pa\u{308}sswort";

    /// Returns a hash of a text as it is, as hashes were made before passwords were normalised.
    fn hash_as_typed(text: &str) -> SecretString {
        stored_hash::argon2id(text, b"0123456789abcdef", &mut HashMemory::default()).unwrap()
    }

    #[tokio::test]
    async fn every_spelling_matches_the_hash_of_the_normal_form() {
        let slots = Arc::new(HashSlots::new(64));
        let hash = hash_as_typed(COMPOSED);
        for text in [COMPOSED, DECOMPOSED] {
            let check = slots.verify(Some(&hash), text.into()).await.unwrap();
            assert_eq!(check, PasswordCheck::Right { is_outdated: false });
        }
    }

    #[tokio::test]
    async fn hash_of_a_text_as_typed_matches_that_text_and_is_outdated() {
        let slots = Arc::new(HashSlots::new(64));
        let hash = hash_as_typed(DECOMPOSED);
        let check = slots.verify(Some(&hash), DECOMPOSED.into()).await.unwrap();
        assert_eq!(check, PasswordCheck::Right { is_outdated: true });
        for text in [COMPOSED, "pa\u{308}sswore"] {
            let check = slots.verify(Some(&hash), text.into()).await.unwrap();
            assert_eq!(check, PasswordCheck::Wrong);
        }
        let check = slots.verify(None, DECOMPOSED.into()).await.unwrap();
        assert_eq!(check, PasswordCheck::Wrong);
    }

    #[test]
    fn one_slot_exists_for_each_hash_that_fits() {
        assert_eq!(HashSlots::new(1024).all, 26);
        assert_eq!(HashSlots::new(16).all, 1);
    }

    #[test]
    fn hash_with_several_slots_frees_the_memory_of_the_others() {
        let slots = HashSlots::new(1024);
        for _ in 0..4 {
            slots.keep(HashMemory::default());
        }
        slots.memory(3);
        assert_eq!(slots.memories.lock().unwrap().len(), 1);
        slots.memory(3);
        assert!(slots.memories.lock().unwrap().is_empty());
    }
}
