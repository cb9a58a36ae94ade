//! The sources of time and randomness, so that tests can set them.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

use crate::model::timestamp::Timestamp;

/// Returns the time: the system's, or a test's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock and a random number generator. Cheap to clone.
#[derive(Clone)]
pub struct System {
    clock: Clock,
    random: SystemRandom,
}

/// The system's generator failed.
#[derive(Debug, thiserror::Error)]
#[error("the system returns no random bytes")]
pub struct NoRandomness;

impl System {
    pub fn new(clock: Clock) -> Self {
        Self { clock, random: SystemRandom::new() }
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns `N` random bytes in base64url.
    pub fn random_text<const N: usize>(&self) -> Result<String, NoRandomness> {
        self.random_bytes::<N>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns `N` bytes of the system's secure randomness.
    pub fn random_bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(bytes)
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").finish_non_exhaustive()
    }
}
