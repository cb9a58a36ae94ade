//! Mints access tokens. Only a function that opens sessions holds one: all others know public keys alone.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use super::token;
use crate::app::App;
use crate::config::{ConfigError, required};
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::session::SessionId;
use crate::table::PublicKey;

/// Sets the derived key apart from any other that the same secret might give one day.
const PURPOSE: &[u8] = b"healthcare access token Ed25519 seed";

const SECRET: &str = "TOKEN_SECRET";
const MIN_SECRET_BYTES: usize = 32;

/// The key pair derived from `TOKEN_SECRET`, and whether its public half is published yet.
pub struct Minter {
    key: EncodingKey,
    /// RFC 7638 thumbprint.
    kid: String,
    /// The public key in base64url.
    x: String,
    published: OnceCell<()>,
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
    /// Fails, naming `TOKEN_SECRET`, when it is missing or shorter than 32 bytes.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::new(&required(SECRET)?.into())
    }

    pub fn new(secret: &SecretString) -> Result<Self, ConfigError> {
        let invalid =
            |problem: &str| ConfigError::Invalid { name: SECRET, problem: problem.to_owned() };
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(invalid("must have at least 32 bytes"));
        }
        let mut seed = [0; 32];
        Salt::new(HKDF_SHA256, &[])
            .extract(secret)
            .expand(&[PURPOSE], HKDF_SHA256)
            .and_then(|derived| derived.fill(&mut seed))
            .map_err(|_| invalid("cannot be derived from"))?;
        let pair =
            Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| invalid("gives no key"))?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        Ok(Self {
            key: EncodingKey::from_ed_der(&seed),
            kid: thumbprint(&x),
            x,
            published: OnceCell::new(),
        })
    }

    /// A token for a session. The public key is published before the first signature, so that no
    /// verifier meets a token whose key it cannot find.
    pub async fn mint(
        &self,
        app: &App,
        user_id: UserId,
        session_id: SessionId,
    ) -> Result<AccessToken, ApiError> {
        self.published.get_or_try_init(|| self.publish(app)).await?;
        let token = token::sign(app, &self.kid, &self.key, user_id, session_id)?;
        Ok(AccessToken { token: token.into(), expires_in: token::LIFETIME })
    }

    async fn publish(&self, app: &App) -> Result<(), ApiError> {
        let public_key =
            PublicKey { kid: self.kid.clone(), x: self.x.clone(), published_at: app.now() };
        Ok(app.table().publish_key(&public_key).await?)
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minter").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// RFC 7638 of an Ed25519 key (RFC 8037, appendix A.3): the required members in alphabetical order.
fn thumbprint(x: &str) -> String {
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(thumbprint(x), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn one_secret_gives_one_key_and_a_short_one_none() {
        let secret = SecretString::from("0123456789abcdef0123456789abcdef");
        let [one, two] = [(); 2].map(|()| Minter::new(&secret).unwrap());
        assert_eq!(one.kid, two.kid);
        let short = Minter::new(&SecretString::from("0123456789abcdef0123456789abcde"));
        assert_eq!(
            short.unwrap_err().to_string(),
            "the environment variable TOKEN_SECRET must have at least 32 bytes"
        );
    }
}
