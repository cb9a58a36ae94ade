//! A password as a client sends it: taken exactly as received, never trimmed, never shown.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use secrecy::{ExposeSecret, SecretString};

use super::field::FieldErrors;

/// Any text. Whether it may be set as a password is for `auth::policy` to say; to be checked against a
/// stored one it needs no quality, since the policy may have changed after that was set.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl Password {
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Deserr<FieldErrors> for Password {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let text = <String as Deserr<FieldErrors>>::deserialize_from_value(value, location)?;
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_trimmed_and_nothing_shown() {
        let password: Password =
            deserr::deserialize::<_, _, FieldErrors>(serde_json::json!("  pass  ")).unwrap();
        assert_eq!(password.expose(), "  pass  ");
        assert!(!format!("{password:?}").contains("pass  "));
    }
}
