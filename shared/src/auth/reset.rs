//! Reset tokens: mailed to the owner of an account, each lets them set a new password once.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

use crate::system::{NoRandomness, System};

/// How long a token is valid.
pub const LIFETIME: Duration = Duration::from_mins(30);

/// 256 random bits in base64url. The table holds its hash.
#[derive(Debug)]
pub struct ResetToken(SecretString);

impl ResetToken {
    pub fn new(system: &System) -> Result<Self, NoRandomness> {
        Ok(Self(system.random_text::<32>()?.into()))
    }

    /// Returns the token that a client sent.
    pub fn received(text: &str) -> Self {
        Self(text.trim().into())
    }

    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.expose().as_bytes()))
    }

    /// Returns the token's text, for the mail.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
