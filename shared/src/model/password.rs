//! A password: never trimmed, never shown.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::{UnicodeNormalization, is_nfkc};

use super::field::FieldErrors;

/// The longest text that is normalised: several times a password of the maximum length, however it is composed. The
/// policy refuses a longer one.
const MAX_NORMALIZED_BYTES: usize = 4096;

/// A password, which may be any text. `auth::policy` decides whether it may be set. A check against a stored hash
/// accepts any text, because the policy may have changed after the password was set.
///
/// The same password comes in different characters from different keyboards. Therefore its normal form is hashed
/// (NIST SP 800-63B-4, 3.1.1.2).
#[derive(Debug, Clone)]
pub struct Password {
    typed: SecretString,
    /// `None` if it is the text as typed.
    normalized: Option<SecretString>,
}

impl Password {
    /// Returns the password in NFKC, for new hashes and for the policy.
    pub fn expose(&self) -> &str {
        self.normalized.as_ref().unwrap_or(&self.typed).expose_secret()
    }

    /// Returns the text as typed, if it is another one. Hashes of such texts exist, because they were not always
    /// normalised.
    pub fn expose_other_spelling(&self) -> Option<&str> {
        self.normalized.is_some().then(|| self.typed.expose_secret())
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        let is_as_typed = text.is_ascii() || text.len() > MAX_NORMALIZED_BYTES || is_nfkc(text);
        let normalized = (!is_as_typed).then(|| text.nfkc().collect::<String>().into());
        Self { typed: text.into(), normalized }
    }
}

impl Deserr<FieldErrors> for Password {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let text = <String as Deserr<FieldErrors>>::deserialize_from_value(value, location)?;
        Ok(Self::from(SecretString::from(text).expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_neither_trimmed_nor_shown() {
        let password: Password =
            deserr::deserialize::<_, _, FieldErrors>(serde_json::json!("  pass  ")).unwrap();
        assert_eq!(password.expose(), "  pass  ");
        assert_eq!(password.expose_other_spelling(), None);
        assert!(!format!("{password:?}").contains("pass  "));
    }

    #[test]
    fn spellings_of_a_password_are_one() {
        let [composed, decomposed, wide] =
            ["pässwort", "pa\u{308}sswort", "ｐässwort"].map(Password::from);
        assert_eq!(composed.expose_other_spelling(), None);
        for other in [&decomposed, &wide] {
            assert_eq!(other.expose(), composed.expose());
        }
        assert_eq!(decomposed.expose_other_spelling(), Some("pa\u{308}sswort"));
        assert_ne!(Password::from("Pässwort").expose(), composed.expose());
    }

    #[test]
    fn very_long_text_is_not_normalized() {
        let text = "a\u{308}".repeat(MAX_NORMALIZED_BYTES);
        assert_eq!(Password::from(text.as_str()).expose(), text);
    }
}
