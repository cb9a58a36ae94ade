//! GET /.well-known/jwks.json — the public token keys, for whoever verifies access tokens elsewhere.

use std::process::ExitCode;

use serde::Serialize;
use shared::table::PublicKey;
use shared::{ApiResult, App, Request, response, serve_public};

#[cfg(test)]
mod tests;

/// Shorter than the time between a key's publication and its first signature: no cache keeps a key from
/// whoever meets it.
const MAX_AGE_SECONDS: u32 = 30;

/// RFC 7517, 5.
#[derive(Serialize)]
struct KeySet {
    keys: Vec<Key>,
}

/// RFC 8037, 2.
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

async fn jwks(app: App, _request: Request) -> ApiResult {
    let keys: Vec<Key> =
        app.table().public_keys(app.now()).await?.into_iter().map(Key::from).collect();
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
