//! Random text for secrets and names.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

use crate::Result;

/// The number of random bytes.
const LENGTH: usize = 32;

/// Returns text that cannot be guessed: 43 letters, digits, `-` and `_`.
pub fn random() -> Result<String> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system has no random bytes")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
