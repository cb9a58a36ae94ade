//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): marks repetitions of the same request.

use std::str::FromStr;

use super::field::unseen;
use super::id::UserId;

const MAX_CHARS: usize = 255;

/// A key that a client chooses for a request, so that it can repeat the request safely: 1 to 255 visible ASCII
/// characters or spaces. The quotation marks of the draft are optional; if present, they are part of the key.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestKey(String);

unseen!(RequestKey);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {MAX_CHARS} visible ASCII characters")]
pub struct InvalidRequestKey;

impl RequestKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestKey {
    type Err = InvalidRequestKey;

    fn from_str(text: &str) -> Result<Self, InvalidRequestKey> {
        let text = text.trim();
        let is_allowed = (1..=MAX_CHARS).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if is_allowed { Ok(Self(text.to_owned())) } else { Err(InvalidRequestKey) }
    }
}

/// A key and its caller. Equal keys of different callers are independent.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    pub caller: UserId,
    pub key: RequestKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_has_1_to_255_visible_ascii_characters() {
        for text in ["a", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &"k".repeat(255)] {
            assert!(text.parse::<RequestKey>().is_ok(), "{text}");
        }
        for text in ["", "  ", "é", "a\tb", &"k".repeat(256)] {
            assert_eq!(text.parse::<RequestKey>(), Err(InvalidRequestKey), "{text:?}");
        }
    }
}
