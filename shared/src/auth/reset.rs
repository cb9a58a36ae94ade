//! Tokens that let whoever receives an account's mail set a new password, once.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::error::ApiError;

/// How long it lasts.
pub const LIFETIME: Duration = Duration::from_mins(30);

/// 256 random bits in base64url, of which the table holds a hash.
#[derive(Debug)]
pub struct ResetToken(SecretString);

impl ResetToken {
    pub fn new(app: &App) -> Result<Self, ApiError> {
        Ok(Self(app.random_text::<32>()?.into()))
    }

    /// As a client sends it back.
    pub fn received(text: &str) -> Self {
        Self(text.trim().into())
    }

    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.expose().as_bytes()))
    }

    /// For the mail.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
