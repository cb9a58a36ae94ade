//! Verifies access tokens: the signature of each once a process, everything that time can change with every request.

use std::sync::Arc;

use jsonwebtoken::DecodingKey;

use super::keyring::Keyring;
use super::token::{self, Verified};
use super::verified_tokens::{Fingerprint, VerifiedTokens};
use crate::config::Tokens;
use crate::error::ApiError;
use crate::model::timestamp::Timestamp;
use crate::store::{CursorKeys, Store};

/// The public keys, and the tokens that were found to be signed with them.
#[derive(Debug)]
pub struct Verifier {
    tokens: Tokens,
    keyring: Keyring,
    verified: VerifiedTokens,
}

impl Verifier {
    pub fn new(tokens: Tokens) -> Self {
        Self { tokens, keyring: Keyring::default(), verified: VerifiedTokens::default() }
    }

    /// Reads the public keys. Calls: Query.
    pub async fn read_keys(&self, store: &Store, now: Timestamp) -> Result<(), ApiError> {
        self.keyring.refresh(store, now).await
    }

    /// Returns the keys of cursors that were read with the public keys. Calls: none.
    pub async fn cursor_keys(&self) -> Option<Arc<CursorKeys>> {
        self.keyring.cursor_keys().await
    }

    /// Checks signature, issuer, audience, type and times of a token. The key is chosen by `kid` among the published
    /// ones; other offers of a header (`jku`, `jwk`, `x5u`) are ignored. Calls: none if the key is known.
    pub async fn verify(
        &self,
        store: &Store,
        now: Timestamp,
        token: &str,
    ) -> Result<Verified, ApiError> {
        let fingerprint = Fingerprint::of(token);
        let signed = match self.verified.get(&fingerprint) {
            Some(signed) => {
                self.key(store, now, &signed.kid).await?;
                signed
            }
            None => {
                let kid = token::kid_of(token)?;
                let key = self.key(store, now, &kid).await?;
                let signed = token::signed_with(&key, kid, &self.tokens, token)?;
                self.verified.remember(fingerprint, signed.clone(), now);
                signed
            }
        };
        if signed.is_current(now) { Ok(signed.verified) } else { Err(ApiError::TokenNotValid) }
    }

    /// Returns the valid key of this id.
    async fn key(&self, store: &Store, now: Timestamp, kid: &str) -> Result<DecodingKey, ApiError> {
        self.keyring.key(store, now, kid).await?.ok_or(ApiError::TokenNotValid)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::model::user::Role;
    use crate::testing::{World, run};

    #[test]
    fn only_signed_tokens_are_remembered() {
        run(async |world: World| {
            let actor = world.actor(Role::Staff).await;
            let (store, now) = (world.app.store(), world.app.now());
            let good = actor.token.expose_secret();
            let forged = format!("{}AAAA", &good[..good.len() - 4]);
            let verifier = world.app.verifier();
            let is_known = |token| verifier.verified.get(&Fingerprint::of(token)).is_some();
            assert!(!is_known(good));
            for _ in 0..2 {
                let verified = verifier.verify(store, now, good).await.unwrap();
                assert_eq!(verified.user_id, actor.id());
                assert!(is_known(good));
            }
            assert!(verifier.verify(store, now, &forged).await.is_err());
            assert!(!is_known(&forged));
        });
    }
}
