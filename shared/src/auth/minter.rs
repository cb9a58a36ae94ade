//! Mints access tokens. Only the functions that open or refresh sessions can: all others hold public keys only.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::signing_key::{BadSecret, SigningKey};
use super::token;
use crate::config::{ConfigError, Settings, Tokens, optional, required};
use crate::error::ApiError;
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::secrets::{SECRET_ARN, SecretError, StoredSecret};
use crate::store::{PublicKey, Store};
use crate::system::System;

/// How long after its publication a key may begin to sign: longer than the least time between two reads of a verifier
/// (`keyring`).
pub const ANNOUNCED_FOR: Duration = Duration::from_secs(45);

/// How long a secret is used before it is read again.
const REREAD_AFTER: Duration = Duration::from_mins(5);

/// How soon to read again after Secrets Manager did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(30);

const SECRET: &str = "TOKEN_SECRET";

/// The source of the secret, and the key derived from it that signs now.
pub struct Minter {
    source: Source,
    tokens: Tokens,
    signing: Mutex<Option<Signing>>,
}

enum Source {
    /// `TOKEN_SECRET`: on a developer's machine.
    Given(Arc<SigningKey>),
    /// `TOKEN_SECRET_ARN`
    Stored(StoredSecret),
}

struct Signing {
    key: Arc<SigningKey>,
    /// When to check whether another key must sign.
    until: Timestamp,
}

/// A fresh access token.
pub struct AccessToken {
    pub token: SecretString,
    pub expires_in: Duration,
}

impl AccessToken {
    /// Returns the token's text, for the answer to its owner.
    pub fn expose(&self) -> &str {
        self.token.expose_secret()
    }
}

impl Minter {
    /// Fails, naming the variable, when `TOKEN_SECRET` is shorter than 32 bytes, or neither it nor
    /// `TOKEN_SECRET_ARN` is set.
    pub fn from_env() -> Result<Self, ConfigError> {
        let tokens = Tokens::from_env()?;
        // `sam local` sets both: the template names a stored secret, which it cannot reach.
        if optional(SECRET).is_none() && optional(SECRET_ARN).is_some() {
            return Ok(Self::stored(StoredSecret::from_env()?, tokens));
        }
        Self::new(&required(SECRET)?.into(), tokens)
            .map_err(|bad| ConfigError::Invalid { name: SECRET, problem: bad.to_string() })
    }

    /// Always signs with the key of this secret.
    pub fn new(secret: &SecretString, tokens: Tokens) -> Result<Self, BadSecret> {
        let key = Arc::new(SigningKey::derive(secret)?);
        Ok(Self { source: Source::Given(key), tokens, signing: Mutex::default() })
    }

    /// Signs with the key of the current version of this secret, as soon as every verifier can know it.
    pub fn stored(secret: StoredSecret, tokens: Tokens) -> Self {
        Self { source: Source::Stored(secret), tokens, signing: Mutex::default() }
    }

    /// Returns a token for a session. The public key is published before the first signature, so that every verifier
    /// finds it.
    pub async fn mint(
        &self,
        store: &Store,
        system: &System,
        user: &User,
        session_id: SessionId,
    ) -> Result<AccessToken, ApiError> {
        let key = self.signing_key(store, system.now()).await?;
        let token = token::sign(system, &self.tokens, key.kid(), &key.key, user, session_id)?;
        Ok(AccessToken { token: token.into(), expires_in: token::LIFETIME })
    }

    async fn signing_key(
        &self,
        store: &Store,
        now: Timestamp,
    ) -> Result<Arc<SigningKey>, ApiError> {
        let mut signing = self.signing.lock().await;
        if let Some(signing) = signing.as_ref().filter(|signing| now < signing.until) {
            return Ok(signing.key.clone());
        }
        let before = signing.as_ref().map(|signing| signing.key.clone());
        let next = match (&self.source, before) {
            (Source::Given(key), _) => {
                publish(store, key, now).await?;
                Signing { key: key.clone(), until: now.plus(REREAD_AFTER) }
            }
            (Source::Stored(secret), None) => choose(store, secret, None, now).await?,
            (Source::Stored(secret), Some(before)) => {
                match choose(store, secret, Some(before.clone()), now).await {
                    Ok(next) => next,
                    // The key that signed until now is still valid, so nobody is turned away.
                    Err(error) => {
                        tracing::warn!(%error, "the token secret cannot be read again");
                        Signing { key: before, until: now.plus(RETRY_AFTER) }
                    }
                }
            }
        };
        Ok(signing.insert(next).key.clone())
    }
}

/// Returns the key of the current version or, until that has been published for long enough, the key that signed
/// before. The latter is only looked up: a key that has retired or was deleted, perhaps because it leaked, must not
/// come back.
async fn choose(
    store: &Store,
    secret: &StoredSecret,
    before: Option<Arc<SigningKey>>,
    now: Timestamp,
) -> Result<Signing, ApiError> {
    let current = derive(&secret.current().await?)?;
    let reread = now.plus(REREAD_AFTER);
    let ready = publish(store, &current, now).await?.published_at.plus(ANNOUNCED_FOR);
    if ready <= now {
        return Ok(Signing { key: current, until: reread });
    }
    let before = match before.filter(|before| before.kid() != current.kid()) {
        Some(before) => Some(before),
        None => secret.previous().await?.map(|previous| derive(&previous)).transpose()?,
    };
    match before {
        Some(before) if is_published(store, &before, now).await? => {
            Ok(Signing { key: before, until: ready })
        }
        // No other key is valid. After the first key of all, no verifier holds one, so each reads the keys at once.
        _ => Ok(Signing { key: current, until: reread }),
    }
}

fn derive(secret: &SecretString) -> Result<Arc<SigningKey>, ApiError> {
    match SigningKey::derive(secret) {
        Ok(key) => Ok(Arc::new(key)),
        Err(bad) => Err(ApiError::internal(format!("the token secret {bad}"))),
    }
}

async fn publish(store: &Store, key: &SigningKey, now: Timestamp) -> Result<PublicKey, ApiError> {
    Ok(store.signing_keys().publish(key.public(now)).await?)
}

async fn is_published(store: &Store, key: &SigningKey, now: Timestamp) -> Result<bool, ApiError> {
    let published = store.signing_keys().get(key.kid()).await?;
    Ok(published.is_some_and(|key| key.is_valid(now)))
}

impl From<SecretError> for ApiError {
    fn from(error: SecretError) -> Self {
        Self::unavailable(error)
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minter").finish_non_exhaustive()
    }
}
