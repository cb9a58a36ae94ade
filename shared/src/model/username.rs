//! A username: letters, digits and `@ . + - _`. Uniqueness ignores case.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_script::Script;
use unicode_security::mixed_script::AugmentedScriptSet;

use super::characters::is_ignorable;
use super::email::{Email, name_form};
use super::field::{field_from_str, unseen};
use super::look_alikes::push_skeleton;
use super::unique_form::unique_form;

const MAX_CHARS: usize = 150;

/// The most bytes of a form, so that it fits into a table key. No form is longer; a skeleton could be.
const MAX_FORM: usize = 900;

/// The message about a username that could pass for the email address of another account.
pub const FOREIGN_ADDRESS: &str = "with @ in it must be the account's own email address";

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
    #[error("must not mix letters of different scripts")]
    MixedScripts,
}

impl Username {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the [form](name_form) in which usernames are compared, at most 900 bytes.
    pub fn unique_form(&self) -> String {
        name_form(&self.0)
    }

    /// Returns the form of the ASCII-like name that a name beyond ASCII looks like (its skeleton in UTS 39), if that is
    /// another one: no other account may have it. ASCII names never look alike: 0 and O, rn and m are in people's names.
    pub fn look_alike(&self) -> Option<String> {
        let form = self.unique_form();
        let skeleton = skeleton_of(&form);
        (skeleton != form).then_some(skeleton)
    }

    /// Returns whether an account with this address may have this username. A username with `@` must be the account's
    /// own address; otherwise it could imitate another account.
    pub fn may_belong_to(&self, email: &Email) -> bool {
        !self.0.contains('@') || self.unique_form() == email.unique_form()
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        // A body may have 64 KiB of text, of which normalisation makes megabytes.
        let name: String = text.trim().nfkc().take(MAX_CHARS + 1).collect();
        let is_allowed = |c: char| (c.is_alphanumeric() && !is_ignorable(c)) || "@.+-_".contains(c);
        if name.is_empty() {
            Err(InvalidUsername::Empty)
        } else if name.chars().count() > MAX_CHARS {
            Err(InvalidUsername::TooLong)
        } else if !name.chars().all(is_allowed) {
            Err(InvalidUsername::Character)
        // An address is not chosen freely: its domain may end in another script.
        } else if !name.contains('@') && !is_of_one_script(&name) {
            Err(InvalidUsername::MixedScripts)
        } else if skeleton_of(&name_form(&name)).len() > MAX_FORM {
            Err(InvalidUsername::TooLong)
        } else {
            Ok(Self(name))
        }
    }
}

field_from_str!(Username);
unseen!(Username);

/// Returns the skeleton of a form. Its ASCII characters stay as they are.
fn skeleton_of(form: &str) -> String {
    let mut skeleton_of_form = String::with_capacity(form.len());
    form.nfd().for_each(|c| push_skeleton(&mut skeleton_of_form, c));
    unique_form(&skeleton_of_form)
}

/// Whether a name has letters of one script, or of those that Chinese, Japanese or Korean combine with Latin: UTS 39's
/// level "highly restrictive", but with the letters of all living languages.
fn is_of_one_script(name: &str) -> bool {
    if name.is_ascii() || !AugmentedScriptSet::for_str(name).is_empty() {
        return true;
    }
    let mut beside_latin = AugmentedScriptSet::default();
    let sets = name.chars().map(AugmentedScriptSet::for_char);
    for set in sets.filter(|set| !set.base.contains_script(Script::Latin)) {
        beside_latin.intersect_with(set);
    }
    beside_latin.hanb || beside_latin.jpan || beside_latin.kore
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        text.parse().unwrap()
    }

    #[test]
    fn username_has_letters_digits_and_five_signs() {
        for text in ["amara", "Zoë.2", "a+b-c_d", "jane@example.com"] {
            assert!(text.parse::<Username>().is_ok(), "{text:?}");
        }
        for text in ["a b", "a/b", "a#b", "a\0b", "<script>", "a\u{200b}b", "a\u{3164}b", "a\u{ad}"]
        {
            assert_eq!(text.parse::<Username>(), Err(InvalidUsername::Character), "{text:?}");
        }
        assert_eq!("  ".parse::<Username>(), Err(InvalidUsername::Empty));
        assert_eq!("a".repeat(151).parse::<Username>(), Err(InvalidUsername::TooLong));
    }

    #[test]
    fn scripts_are_not_mixed() {
        // Cyrillic а, Greek ο, Armenian օ, and a Cherokee letter.
        for text in ["bug_\u{430}", "am\u{430}ra", "d\u{3bf}c", "d\u{585}c", "\u{13a0}bc"] {
            assert_eq!(text.parse::<Username>(), Err(InvalidUsername::MixedScripts), "{text:?}");
        }
        for text in [
            "иван_1",
            "Νίκος",
            "أحمد",
            "สมชาย",
            "Zoë",
            "ＡMARA",
            "山田taro",
            "山田たろう",
            "김민수kim",
            "ᏣᎳᎩ",
            "1-2",
        ] {
            assert!(text.parse::<Username>().is_ok(), "{text:?}");
        }
        assert!("иван@пример.example".parse::<Username>().is_ok());
    }

    #[test]
    fn name_beyond_ascii_also_claims_what_it_looks_like() {
        assert_eq!(name("сор").look_alike().as_deref(), Some("cop"));
        for text in ["O0", "rn", "m", "1l", "jane@example.com", "ＡMARA"] {
            assert_eq!(name(text).look_alike(), None, "{text}");
        }
        // Two such names that look alike claim the same.
        let [cyrillic, greek] = ["\u{43e}", "\u{3bf}"].map(|text| name(text).look_alike());
        assert_eq!(cyrillic, greek);
    }

    #[test]
    fn username_with_at_sign_must_be_the_own_email() {
        let name: Username = "Jane@example.com".parse().unwrap();
        assert!(name.may_belong_to(&"jane@Example.com".parse().unwrap()));
        assert!(!name.may_belong_to(&"eve@example.com".parse().unwrap()));
        let name: Username = "jane@münchen.example".parse().unwrap();
        assert!(name.may_belong_to(&"jane@xn--mnchen-3ya.example".parse().unwrap()));
    }
}
