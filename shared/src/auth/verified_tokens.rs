//! Access tokens whose signature this process has verified, so that it verifies each once.
//!
//! Nothing that time can change is remembered: key, times, account and session are checked with every request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use super::token::Signed;
use crate::model::timestamp::Timestamp;

/// The most tokens that are remembered, about 200 bytes each.
const MOST: usize = 1024;

/// The SHA-256 of a whole token, signature included: nobody can find another token that has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; SHA256_OUTPUT_LEN]);

impl Fingerprint {
    pub fn of(token: &str) -> Self {
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(bytes)
    }
}

#[derive(Debug, Default)]
pub struct VerifiedTokens(Mutex<HashMap<Fingerprint, Signed>>);

impl VerifiedTokens {
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<Signed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(fingerprint).cloned()
    }

    /// Remembers a token. When there is no room, it forgets expired tokens first, and then all.
    pub fn remember(&self, fingerprint: Fingerprint, signed: Signed, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, signed| signed.is_current(now));
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(fingerprint, signed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::auth::token::Verified;

    fn signed(expires: Timestamp) -> Signed {
        Signed {
            kid: "kid".to_owned(),
            verified: Verified {
                user_id: "1".parse().unwrap(),
                session_id: "AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap(),
                hint: None,
            },
            not_before: None,
            expires: expires.as_second(),
        }
    }

    #[test]
    fn expired_tokens_are_forgotten_first() {
        let now = Timestamp::system();
        let later = now.plus(Duration::from_mins(15));
        let known = VerifiedTokens::default();
        let fingerprint = |number: usize| Fingerprint::of(&number.to_string());
        known.remember(fingerprint(0), signed(later), now);
        for number in 1..MOST {
            known.remember(fingerprint(number), signed(now), now);
        }
        known.remember(fingerprint(MOST), signed(later), now);
        assert!(known.get(&fingerprint(0)).is_some());
        assert!(known.get(&fingerprint(1)).is_none());
        assert_eq!(known.0.lock().unwrap().len(), 2);
    }

    #[test]
    fn number_of_tokens_is_bounded() {
        let now = Timestamp::system();
        let later = now.plus(Duration::from_mins(15));
        let known = VerifiedTokens::default();
        for number in 0..=MOST {
            known.remember(Fingerprint::of(&number.to_string()), signed(later), now);
        }
        assert_eq!(known.0.lock().unwrap().len(), 1);
        assert!(known.get(&Fingerprint::of(&MOST.to_string())).is_some());
    }
}
