//! An email address. Uniqueness ignores case, and the spelling of an international domain.

use std::borrow::Cow;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use idna::punycode;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::characters::{is_ignorable, is_meaningless};
use super::field::{field_from_str, unseen};
use super::unique_form::unique_form;

/// The longest address that fits into an SMTP path (RFC 5321, 4.5.3.1.3, without the angle brackets).
const MAX_BYTES: usize = 254;

/// The most characters of a name that are read. A stranger may send 64 KiB, of which folding makes megabytes.
const MAX_TYPED: usize = 1000;

/// The longest label of a domain (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// Begins the ASCII form of a label that is not ASCII (RFC 5890, 2.3.2.5).
const ACE_PREFIX: &str = "xn--";

/// Separates labels as a full stop does (UTS 46); NFKC makes it of its half-width form.
const IDEOGRAPHIC_FULL_STOP: char = '\u{3002}';

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

    /// Returns the form in which addresses are compared, at most 254 bytes: that of a [name](name_form).
    pub fn unique_form(&self) -> String {
        name_form(&self.0)
    }

    /// Returns the address with an ASCII domain, which every mail server takes.
    pub fn for_delivery(&self) -> Cow<'_, str> {
        let ascii = self.0.rsplit_once('@').and_then(|(local, domain)| {
            let ascii = ascii_domain(domain).filter(|_| !domain.is_ascii())?;
            Some(format!("{local}@{ascii}"))
        });
        ascii.map_or_else(|| Cow::Borrowed(self.as_str()), Cow::Owned)
    }
}

/// Returns the form of a username or an email, under which its account is found: the [unique form](unique_form), with
/// the domain of an address in lower case and ASCII, as IDNA writes it. Works for any text, because names that were
/// valid once stay findable. Characters after the first thousand are ignored: no name has as many in any spelling.
pub fn name_form(text: &str) -> String {
    let text = text.trim();
    let text =
        text.char_indices().nth(MAX_TYPED).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
    let address = text.rsplit_once('@');
    let with_domain = address.and_then(|(local, domain)| Some((local, ascii_domain(domain)?)));
    match with_domain {
        Some((local, domain)) => format!("{}@{domain}", unique_form(local)),
        None => unique_form(text),
    }
}

/// Returns a domain in ASCII and in lower case; `None` if a label is no label of a domain.
///
/// This is UTS 46 without its tables, which every function would contain, because the SDK parses URLs with the same
/// crate: letters are mapped by NFKC and lower case, and only letters, digits, marks and hyphens are valid. Domains that
/// registries refuse for other reasons (CONTEXTJ, Bidi) are valid here; no mail reaches them.
fn ascii_domain(domain: &str) -> Option<String> {
    let lower: String = domain.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let labels = lower.split(['.', IDEOGRAPHIC_FULL_STOP]).map(ascii_label);
    Some(labels.collect::<Option<Vec<_>>>()?.join("."))
}

fn ascii_label(label: &str) -> Option<String> {
    let is_valid = |c: char| c == '-' || c.is_alphanumeric() || is_combining_mark(c);
    if !label.chars().all(is_valid) || label.starts_with(is_combining_mark) {
        return None;
    }
    let ascii = match label.strip_prefix(ACE_PREFIX) {
        // Two spellings of one domain must have one form.
        Some(encoded) => {
            let decoded = punycode::decode_to_string(encoded).filter(|it| !it.is_ascii())?;
            ascii_domain(&decoded).filter(|it| it == label)?
        }
        None if label.is_ascii() => label.to_owned(),
        None => format!("{ACE_PREFIX}{}", punycode::encode_str(label)?),
    };
    (ascii.len() <= MAX_LABEL).then_some(ascii)
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.len() > MAX_BYTES || text.chars().any(|c| is_ignorable(c) || is_meaningless(c)) {
            return Err(InvalidEmail);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let domain = ascii_domain(domain).ok_or(InvalidEmail)?;
        let options =
            Options::default().with_required_tld().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(&format!("{local}@{domain}"), options)
            .map_err(|_| InvalidEmail)?;
        if name_form(text).len() > MAX_BYTES {
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

    fn form(text: &str) -> String {
        text.parse::<Email>().unwrap().unique_form()
    }

    #[test]
    fn only_the_beginning_of_a_very_long_name_is_read() {
        assert_eq!(name_form(&"a".repeat(60_000)).len(), MAX_TYPED);
        assert!("a@example.com".repeat(5_000).parse::<Email>().is_err());
    }

    #[test]
    fn only_email_addresses_are_valid() {
        assert_eq!(form(" Jane@Example.com "), "jane@example.com");
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

    #[test]
    fn international_domain_equals_its_ascii_form() {
        for text in ["jane@münchen.example", "Jane@MÜNCHEN.example", "jane@mu\u{308}nchen.example"]
        {
            let email: Email = text.parse().unwrap();
            assert_eq!(email.as_str(), text);
            assert_eq!(email.unique_form(), "jane@xn--mnchen-3ya.example");
        }
        assert_eq!(form("jane@XN--mnchen-3YA.example"), "jane@xn--mnchen-3ya.example");
        assert_eq!(form("jane@bücher.example"), form("jane@xn--bcher-kva.example"));
        assert_eq!(name_form("nobody@mu nchen"), "nobody@mu nchen");
        assert_eq!(form("jane@例え。テスト"), "jane@xn--r8jz45g.xn--zckzah");
        assert_ne!(form("jane@straße.example"), form("jane@strasse.example"));
    }

    #[test]
    fn mail_goes_to_the_ascii_domain() {
        let email: Email = "José@münchen.example".parse().unwrap();
        assert_eq!(email.for_delivery(), "José@xn--mnchen-3ya.example");
        let email: Email = "Jane@Example.com".parse().unwrap();
        assert_eq!(email.for_delivery(), "Jane@Example.com");
    }

    #[test]
    fn deceptive_address_is_invalid() {
        for text in [
            "ja\u{200b}ne@example.com",
            "jane\u{3164}@example.com",
            "jane@exam\u{ad}ple.com",
            "jane@exam\u{202e}ple.com",
            "\u{2066}jane@example.com",
            "ja\u{fffd}ne@example.com",
            "jane@xn--a.example",
            "jane@ü_x.example",
            "jane@\u{301}a.example",
        ] {
            assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text:?}");
        }
    }
}
