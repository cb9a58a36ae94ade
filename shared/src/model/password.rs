//! A password exactly as the client sent it: never trimmed, never shown.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use secrecy::{ExposeSecret, SecretString};

use super::field::FieldErrors;

/// A password, which may be any text. `auth::policy` decides whether it may be set. A check against a stored hash
/// accepts any text, because the policy may have changed after the password was set.
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
    fn password_is_neither_trimmed_nor_shown() {
        let password: Password =
            deserr::deserialize::<_, _, FieldErrors>(serde_json::json!("  pass  ")).unwrap();
        assert_eq!(password.expose(), "  pass  ");
        assert!(!format!("{password:?}").contains("pass  "));
    }
}
