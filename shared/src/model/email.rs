//! An email address. Uniqueness ignores case.

use std::str::FromStr;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

use super::field::{field_from_str, unseen};
use super::text::fold;

/// The longest address that fits into an SMTP path (RFC 5321, 4.5.3.1.3, without the angle brackets).
const MAX_BYTES: usize = 254;

/// An address of the form `local@domain.tld`, in the client's spelling.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address, such as jane@example.com")]
pub struct InvalidEmail;

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the [folded](fold) address, at most 254 bytes.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let options =
            Options::default().with_required_tld().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(text, options).map_err(|_| InvalidEmail)?;
        if text.len() > MAX_BYTES || fold(text).len() > MAX_BYTES {
            return Err(InvalidEmail);
        }
        Ok(Self(text.to_owned()))
    }
}

field_from_str!(Email);
unseen!(Email);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_email_addresses_are_valid() {
        assert_eq!(" Jane@Example.com ".parse::<Email>().unwrap().folded(), "jane@example.com");
        for text in [
            "",
            "jane",
            "jane@",
            "@example.com",
            "jane@example",
            "a b@example.com",
            "Jane <jane@example.com>",
            "jane@[127.0.0.1]",
            "a@b@example.com",
        ] {
            assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text:?}");
        }
        let long = format!("jane@{}.com", "a.".repeat(130));
        assert_eq!(long.parse::<Email>(), Err(InvalidEmail));
    }
}
