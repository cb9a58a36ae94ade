//! The key pair of access tokens, which is derived from a secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::{ExposeSecret, SecretString};

use crate::model::timestamp::Timestamp;
use crate::store::PublicKey;

/// Makes the key different from other keys that may be derived from the same secret.
const PURPOSE: &[u8] = b"healthcare access token Ed25519 seed";

const MIN_SECRET_BYTES: usize = 32;

/// An Ed25519 key that can sign.
pub struct SigningKey {
    pub(crate) key: EncodingKey,
    /// The RFC 7638 thumbprint of the public key.
    kid: String,
    /// The public key in base64url.
    x: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    #[error("must have at least {MIN_SECRET_BYTES} bytes")]
    Short,
    #[error("cannot be used to derive a key")]
    Underivable,
}

impl SigningKey {
    /// Derives the key from a secret. The same secret always yields the same key.
    pub fn derive(secret: &SecretString) -> Result<Self, BadSecret> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(BadSecret::Short);
        }
        let mut seed = [0; 32];
        Salt::new(HKDF_SHA256, &[])
            .extract(secret)
            .expand(&[PURPOSE], HKDF_SHA256)
            .and_then(|derived| derived.fill(&mut seed))
            .map_err(|_| BadSecret::Underivable)?;
        let pair =
            Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| BadSecret::Underivable)?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        Ok(Self { key: EncodingKey::from_ed_der(&seed), kid: thumbprint(&x), x })
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Returns the public key, published at this moment.
    pub fn public(&self, published_at: Timestamp) -> PublicKey {
        PublicKey { kid: self.kid.clone(), x: self.x.clone(), published_at, retires_at: None }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Returns the RFC 7638 thumbprint of an Ed25519 key (RFC 8037, appendix A.3): the hash of the required members in
/// alphabetical order.
fn thumbprint(x: &str) -> String {
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_matches_the_example_of_rfc_8037() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(thumbprint(x), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn secret_always_yields_the_same_key_and_short_secret_is_refused() {
        let secret = SecretString::from("0123456789abcdef0123456789abcdef");
        let [one, two] = [(); 2].map(|()| SigningKey::derive(&secret).unwrap());
        assert_eq!(one.kid, two.kid);
        let short = SigningKey::derive(&SecretString::from("0123456789abcdef0123456789abcde"));
        assert_eq!(short.unwrap_err(), BadSecret::Short);
    }
}
