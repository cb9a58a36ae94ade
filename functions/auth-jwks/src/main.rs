//! GET /.well-known/jwks.json returns the public token keys, for services that verify access tokens themselves.

use std::process::ExitCode;

use serde::Serialize;
use shared::store::PublicKey;
use shared::{ApiResult, Context, response, serve_public};

#[cfg(test)]
mod tests;

/// Shorter than the time between a key's publication and its first signature, so that every cache has a key before it
/// signs.
const MAX_AGE_SECONDS: u32 = 30;

/// A JWK set (RFC 7517, 5).
#[derive(Serialize)]
struct KeySet {
    keys: Vec<Key>,
}

shared::discloses_no_patient!(KeySet);

/// An Ed25519 key as a JWK (RFC 8037, 2).
#[derive(Serialize)]
struct Key {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    kid: String,
    x: String,
}

fn main() -> ExitCode {
    serve_public(jwks)
}

async fn jwks(context: Context) -> ApiResult {
    let keys = context.store().signing_keys().valid(context.now()).await?;
    let keys: Vec<Key> = keys.into_iter().map(Key::from).collect();
    // The very first key signs at once.
    let max_age = if keys.is_empty() { 0 } else { MAX_AGE_SECONDS };
    response::cacheable(&KeySet { keys }, max_age)
}

impl From<PublicKey> for Key {
    fn from(key: PublicKey) -> Self {
        let PublicKey { kid, x, .. } = key;
        Self { kty: "OKP", crv: "Ed25519", alg: "EdDSA", purpose: "sig", kid, x }
    }
}
