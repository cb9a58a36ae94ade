//! A username: letters, digits and `@ . + - _`. Uniqueness ignores case.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::email::Email;
use super::field::{field_from_str, unseen};
use super::text::fold;

const MAX_CHARS: usize = 150;

/// A username of 1 to 150 characters in NFKC. It keeps the client's upper and lower case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsername {
    #[error("must not be empty")]
    Empty,
    #[error("must have at most {MAX_CHARS} characters")]
    TooLong,
    #[error("may contain letters, digits and @ . + - _ only")]
    Character,
}

impl Username {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the [folded](fold) username, at most 900 bytes.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// Returns whether an account with this address may have this username. A username with `@` must be the account's
    /// own address; otherwise it could imitate another account.
    pub fn may_belong_to(&self, email: &Email) -> bool {
        !self.0.contains('@') || self.folded() == email.folded()
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        let name: String = text.trim().nfkc().collect();
        let is_allowed = |c: char| c.is_alphanumeric() || "@.+-_".contains(c);
        if name.is_empty() {
            Err(InvalidUsername::Empty)
        } else if name.chars().count() > MAX_CHARS {
            Err(InvalidUsername::TooLong)
        } else if !name.chars().all(is_allowed) {
            Err(InvalidUsername::Character)
        } else {
            Ok(Self(name))
        }
    }
}

field_from_str!(Username);
unseen!(Username);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn username_has_letters_digits_and_five_signs() {
        for text in ["amara", "Zoë.2", "a+b-c_d", "jane@example.com"] {
            assert!(text.parse::<Username>().is_ok(), "{text:?}");
        }
        for text in ["a b", "a/b", "a#b", "a\0b", "<script>"] {
            assert_eq!(text.parse::<Username>(), Err(InvalidUsername::Character), "{text:?}");
        }
        assert_eq!("  ".parse::<Username>(), Err(InvalidUsername::Empty));
        assert_eq!("a".repeat(151).parse::<Username>(), Err(InvalidUsername::TooLong));
    }

    #[test]
    fn username_with_at_sign_must_be_the_own_email() {
        let name: Username = "Jane@example.com".parse().unwrap();
        assert!(name.may_belong_to(&"jane@Example.com".parse().unwrap()));
        assert!(!name.may_belong_to(&"eve@example.com".parse().unwrap()));
    }
}
