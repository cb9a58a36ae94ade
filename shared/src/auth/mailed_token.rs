//! Mailed tokens: who has one reads mail to its address. Each can be used once.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

use crate::system::{NoRandomness, System};

const MINUTES_PER_HOUR: u64 = 60;
const MINUTES_PER_DAY: u64 = 24 * MINUTES_PER_HOUR;

/// 256 random bits in base64url, perhaps after a name and a dot. The table holds its hash.
#[derive(Debug)]
pub struct MailedToken(SecretString);

impl MailedToken {
    pub fn new(system: &System) -> Result<Self, NoRandomness> {
        Ok(Self(system.random_text::<32>()?.into()))
    }

    /// Returns a token that also says what it is about. A name has no dot.
    pub fn about(name: &str, system: &System) -> Result<Self, NoRandomness> {
        Ok(Self(format!("{name}.{}", system.random_text::<32>()?).into()))
    }

    /// Returns the token that a client sent.
    pub fn received(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// Returns what the token says it is about.
    pub fn name(&self) -> Option<&str> {
        self.expose().split_once('.').map(|(name, _)| name)
    }

    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.expose().as_bytes()))
    }

    /// Returns the token's text, for the mail.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the words of a mail that say how to use the token: with a link to the operator's page, or alone.
    pub fn instruction(&self, page: Option<&str>, lifetime: Duration) -> String {
        let (span, token) = (in_words(lifetime), self.expose());
        match page {
            // After the #: browsers do not send this part to the page's server.
            Some(page) => format!("open this page within {span}:\n\n{page}#token={token}"),
            None => format!("use this token within {span}:\n\n{token}"),
        }
    }
}

/// Returns a span in the largest unit of which it has two.
fn in_words(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    if minutes >= 2 * MINUTES_PER_DAY {
        format!("{} days", minutes / MINUTES_PER_DAY)
    } else if minutes >= 2 * MINUTES_PER_HOUR {
        format!("{} hours", minutes / MINUTES_PER_HOUR)
    } else {
        format!("{minutes} minutes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{invitation, reset, verification};

    #[test]
    fn mail_says_how_long_its_token_is_valid() {
        let lifetimes = [reset::LIFETIME, verification::LIFETIME, invitation::LIFETIME];
        assert_eq!(lifetimes.map(in_words), ["30 minutes", "24 hours", "7 days"]);
    }

    #[test]
    fn token_names_what_it_is_about() {
        assert_eq!(MailedToken::received(" a.b.c ").name(), Some("a"));
        assert_eq!(MailedToken::received("abc").name(), None);
        assert_ne!(MailedToken::received("a.b").hash(), MailedToken::received("b").hash());
    }
}
