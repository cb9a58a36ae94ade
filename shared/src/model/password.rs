//! Passwords as clients send them: taken exactly as received, never trimmed, never shown.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use secrecy::{ExposeSecret, SecretString};

use super::field::{FieldErrors, invalid};

/// The least number of code points that NIST 800-63B-4 allows for a password beside other factors.
const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 128;

/// A password to be set: 8 to 128 code points.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

/// A password to be checked: any text, since the policy may have changed after it was set.
#[derive(Debug, Clone)]
pub struct PresentedPassword(SecretString);

impl NewPassword {
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PresentedPassword {
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Deserr<FieldErrors> for NewPassword {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let PresentedPassword(password) =
            PresentedPassword::deserialize_from_value(value, location)?;
        match password.expose_secret().chars().count() {
            MIN_CHARS..=MAX_CHARS => Ok(Self(password)),
            _ => Err(invalid(format!("must have {MIN_CHARS} to {MAX_CHARS} characters"), location)),
        }
    }
}

impl Deserr<FieldErrors> for PresentedPassword {
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

    fn parse(text: &str) -> Result<NewPassword, FieldErrors> {
        deserr::deserialize(serde_json::Value::from(text))
    }

    #[test]
    fn length_is_counted_in_code_points_and_nothing_is_trimmed() {
        assert!(parse(&"é".repeat(7)).is_err());
        assert_eq!(parse("  pass  ").unwrap().expose(), "  pass  ");
        assert!(parse(&"é".repeat(128)).is_ok());
        assert!(parse(&"é".repeat(129)).is_err());
    }

    #[test]
    fn a_password_is_not_shown_by_debug() {
        assert!(!format!("{:?}", parse("hunter2hunter2").unwrap()).contains("hunter2"));
    }
}
