//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same request again, not another one.

use std::str::FromStr;

use super::field::unseen;
use super::id::UserId;

const MAX_CHARS: usize = 255;

/// What a client calls a request of its own, so that it can send it again: 1 to 255 visible ASCII
/// characters. The draft's quotation marks are part of it, as are none.
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

/// A key and whose it is: two callers' keys never meet.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    pub caller: UserId,
    pub key: RequestKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_visible() {
        for text in ["a", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &"k".repeat(255)] {
            assert!(text.parse::<RequestKey>().is_ok(), "{text}");
        }
        for text in ["", "  ", "é", "a\tb", &"k".repeat(256)] {
            assert_eq!(text.parse::<RequestKey>(), Err(InvalidRequestKey), "{text:?}");
        }
    }
}
