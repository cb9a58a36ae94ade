//! Mints access tokens. Only a function that opens sessions holds one: all others know public keys alone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::signing_key::{BadSecret, SigningKey};
use super::token;
use crate::app::App;
use crate::config::{ConfigError, optional, required};
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;
use crate::secrets::{SECRET_ARN, SecretError, StoredSecret};
use crate::table::PublicKey;

/// How long after its publication a key may begin to sign: longer than a verifier waits before it reads
/// the keys again ([`super::keyring`]).
pub const ANNOUNCED_FOR: Duration = Duration::from_secs(45);

/// How long a secret is used before it is asked for again.
const REREAD_AFTER: Duration = Duration::from_mins(5);

/// How soon to ask again after Secrets Manager did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(30);

const SECRET: &str = "TOKEN_SECRET";

/// Where the secret comes from, and the key derived from it that signs now.
pub struct Minter {
    source: Source,
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
    /// When to look whether another one is to sign.
    until: Timestamp,
}

/// A fresh access token.
pub struct AccessToken {
    pub token: SecretString,
    pub expires_in: Duration,
}

impl AccessToken {
    /// The token itself, for the answer to whom it belongs.
    pub fn expose(&self) -> &str {
        self.token.expose_secret()
    }
}

impl Minter {
    /// Fails, naming the variable, when `TOKEN_SECRET` is shorter than 32 bytes, or neither it nor
    /// `TOKEN_SECRET_ARN` is set.
    pub fn from_env() -> Result<Self, ConfigError> {
        // Where the template names a secret, none is given but by `sam local`, which cannot reach it.
        if optional(SECRET).is_none() && optional(SECRET_ARN).is_some() {
            return Ok(Self::stored(StoredSecret::from_env()?));
        }
        Self::new(&required(SECRET)?.into())
            .map_err(|bad| ConfigError::Invalid { name: SECRET, problem: bad.to_string() })
    }

    /// Signs with the key of this secret, always.
    pub fn new(secret: &SecretString) -> Result<Self, BadSecret> {
        let key = Arc::new(SigningKey::derive(secret)?);
        Ok(Self { source: Source::Given(key), signing: Mutex::default() })
    }

    /// Signs with the key of the current version of this secret, as soon as every verifier can know it.
    pub fn stored(secret: StoredSecret) -> Self {
        Self { source: Source::Stored(secret), signing: Mutex::default() }
    }

    /// A token for a session. The public key is published before the first signature, so that no
    /// verifier meets a token whose key it cannot find.
    pub async fn mint(
        &self,
        app: &App,
        user_id: UserId,
        session_id: SessionId,
    ) -> Result<AccessToken, ApiError> {
        let key = self.signing_key(app).await?;
        let token = token::sign(app, key.kid(), &key.key, user_id, session_id)?;
        Ok(AccessToken { token: token.into(), expires_in: token::LIFETIME })
    }

    async fn signing_key(&self, app: &App) -> Result<Arc<SigningKey>, ApiError> {
        let mut signing = self.signing.lock().await;
        let now = app.now();
        if let Some(signing) = signing.as_ref().filter(|signing| now < signing.until) {
            return Ok(signing.key.clone());
        }
        let standing = signing.as_ref().map(|signing| signing.key.clone());
        let next = match (&self.source, standing) {
            (Source::Given(key), _) => {
                publish(app, key).await?;
                Signing { key: key.clone(), until: now.plus(REREAD_AFTER) }
            }
            (Source::Stored(secret), None) => choose(app, secret, None).await?,
            (Source::Stored(secret), Some(standing)) => {
                match choose(app, secret, Some(standing.clone())).await {
                    Ok(next) => next,
                    // What has signed until now still counts: no reason to turn anybody away.
                    Err(error) => {
                        tracing::warn!(%error, "the token secret cannot be read again");
                        Signing { key: standing, until: now.plus(RETRY_AFTER) }
                    }
                }
            }
        };
        Ok(signing.insert(next).key.clone())
    }
}

/// The key of the current version or, while that has not been published for long enough, the one that
/// signed before.
async fn choose(
    app: &App,
    secret: &StoredSecret,
    standing: Option<Arc<SigningKey>>,
) -> Result<Signing, ApiError> {
    let now = app.now();
    let current = derive(&secret.current().await?)?;
    let reread = now.plus(REREAD_AFTER);
    let ready = publish(app, &current).await?.published_at.plus(ANNOUNCED_FOR);
    if ready <= now {
        return Ok(Signing { key: current, until: reread });
    }
    let before = match standing.filter(|standing| standing.kid() != current.kid()) {
        Some(standing) => Some(standing),
        None => secret.previous().await?.map(|previous| derive(&previous)).transpose()?,
    };
    match before {
        Some(before) if publish(app, &before).await?.counts(now) => {
            Ok(Signing { key: before, until: ready })
        }
        // The first key there is: nobody holds another one that would keep him from looking for it.
        _ => Ok(Signing { key: current, until: reread }),
    }
}

fn derive(secret: &SecretString) -> Result<Arc<SigningKey>, ApiError> {
    match SigningKey::derive(secret) {
        Ok(key) => Ok(Arc::new(key)),
        Err(bad) => Err(ApiError::internal(format!("the token secret {bad}"))),
    }
}

async fn publish(app: &App, key: &SigningKey) -> Result<PublicKey, ApiError> {
    Ok(app.table().publish_key(key.public(app.now())).await?)
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
