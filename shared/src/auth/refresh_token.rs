//! Refresh tokens: `<user id>.<session id>.<family>.<secret>`, the last two random. The table holds hashes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Salt};
use secrecy::{ExposeSecret, SecretString};

use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::session::{RefreshState, SessionId, Spent};
use crate::model::timestamp::Timestamp;
use crate::system::System;

const PURPOSE: &[u8] = b"healthcare refresh token successor";

/// More characters than a family or a secret has.
const MAX_PART: usize = 64;

#[derive(Debug, Clone)]
pub struct RefreshToken {
    pub user_id: UserId,
    pub session_id: SessionId,
    /// The same in all tokens of a session: without it nobody can end the session by a wrong secret.
    family: SecretString,
    /// Different in each token.
    secret: SecretString,
}

/// The place of a token in its session.
#[derive(Debug)]
pub enum Standing<'a> {
    /// The token that can be exchanged for the next one.
    Current,
    /// The token that was exchanged for the current one.
    Parent(&'a Spent),
    /// A token before the parent, or a made-up secret of the right family.
    Other,
    /// The token's family is not the session's: its sender knows no more than the session's id.
    Foreign,
}

impl RefreshToken {
    /// Returns the first token of a session.
    pub fn first(
        system: &System,
        user_id: UserId,
        session_id: SessionId,
    ) -> Result<Self, ApiError> {
        let family = system.random_text::<16>()?.into();
        let secret = system.random_text::<32>()?.into();
        Ok(Self { user_id, session_id, family, secret })
    }

    /// Returns `None` for text that is not a refresh token.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut next = || parts.next().filter(|part| (1..=MAX_PART).contains(&part.len()));
        let token = Self {
            user_id: next()?.parse().ok()?,
            session_id: next()?.parse().ok()?,
            family: next()?.into(),
            secret: next()?.into(),
        };
        parts.next().is_none().then_some(token)
    }

    /// Returns the next token, with a new secret.
    pub fn successor(&self, system: &System) -> Result<Self, ApiError> {
        Ok(Self { secret: system.random_text::<32>()?.into(), ..self.clone() })
    }

    /// Returns the token's text, for the answer to its owner.
    pub fn expose(&self) -> String {
        let (family, secret) = (self.family.expose_secret(), self.secret.expose_secret());
        format!("{}.{}.{family}.{secret}", self.user_id, self.session_id)
    }

    pub fn family_hash(&self) -> String {
        hash(&self.family)
    }

    pub fn hash(&self) -> String {
        hash(&self.secret)
    }

    /// Returns what this token is to a session in this state.
    pub fn standing<'a>(&self, state: &'a RefreshState) -> Standing<'a> {
        if state.family_hash != self.family_hash() {
            return Standing::Foreign;
        }
        let hash = self.hash();
        match &state.spent {
            _ if state.current_hash == hash => Standing::Current,
            Some(spent) if spent.hash == hash => Standing::Parent(spent),
            _ => Standing::Other,
        }
    }

    /// Returns the state of a session whose first token this is.
    pub fn state(&self) -> RefreshState {
        RefreshState { family_hash: self.family_hash(), current_hash: self.hash(), spent: None }
    }

    /// Returns the state of a session after `next` has replaced this token.
    pub fn state_after(&self, next: &Self, now: Timestamp) -> Result<RefreshState, ApiError> {
        let spent = Spent { hash: self.hash(), rotated_at: now, successor: self.seal(next)? };
        Ok(RefreshState {
            family_hash: self.family_hash(),
            current_hash: next.hash(),
            spent: Some(spent),
        })
    }

    /// Seals the successor's secret, so that only the bearer of this token can read it.
    fn seal(&self, next: &Self) -> Result<String, ApiError> {
        let mut sealed = next.secret.expose_secret().as_bytes().to_vec();
        self.sealing_key()?
            .seal_in_place_append_tag(once(), Aad::empty(), &mut sealed)
            .map_err(|_| ApiError::internal("a successor cannot be sealed"))?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Returns the token that replaced this one.
    pub fn unseal(&self, successor: &str) -> Result<Self, ApiError> {
        let broken = || ApiError::internal("a sealed successor is broken");
        let mut sealed = URL_SAFE_NO_PAD.decode(successor).map_err(|_| broken())?;
        let secret = self
            .sealing_key()?
            .open_in_place(once(), Aad::empty(), &mut sealed)
            .map_err(|_| broken())?;
        let secret = std::str::from_utf8(secret).map_err(|_| broken())?;
        Ok(Self { secret: secret.into(), ..self.clone() })
    }

    fn sealing_key(&self) -> Result<LessSafeKey, ApiError> {
        let secret = self.secret.expose_secret().as_bytes();
        Salt::new(HKDF_SHA256, self.session_id.as_str().as_bytes())
            .extract(secret)
            .expand(&[PURPOSE], &CHACHA20_POLY1305)
            .map(|derived| LessSafeKey::new(UnboundKey::from(derived)))
            .map_err(|_| ApiError::internal("a sealing key cannot be derived"))
    }
}

/// A constant nonce is safe here: its key is derived from a secret that is used once, and seals one message.
fn once() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn hash(secret: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.expose_secret().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "7.session.family.secret";

    #[test]
    fn token_has_four_short_parts() {
        assert_eq!(RefreshToken::parse(TOKEN).unwrap().expose(), TOKEN);
        let long = format!("7.session.family.{}", "x".repeat(65));
        for text in [
            "",
            "a.b.c",
            "7.session.family",
            "7.session.family.secret.",
            &long,
            "0.a.b.c",
            "7..b.c",
        ] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_the_predecessor_unseals_its_successor() {
        let token = RefreshToken::parse(TOKEN).unwrap();
        let next = RefreshToken::parse("7.session.family.next").unwrap();
        let state = token.state_after(&next, Timestamp::from_millisecond(0)).unwrap();
        let sealed = state.spent.unwrap().successor;
        assert_eq!(token.unseal(&sealed).unwrap().expose(), "7.session.family.next");
        assert!(next.unseal(&sealed).is_err());
        let elsewhere = RefreshToken::parse("7.another.family.secret").unwrap();
        assert!(elsewhere.unseal(&sealed).is_err());
    }

    #[test]
    fn debug_shows_neither_family_nor_secret() {
        let shown = format!("{:?}", RefreshToken::parse("7.session.kin-7fa.hush-91b").unwrap());
        assert!(!shown.contains("kin-7fa") && !shown.contains("hush-91b"), "{shown}");
    }
}
