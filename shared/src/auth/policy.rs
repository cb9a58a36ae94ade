//! The policy for new passwords (NIST SP 800-63B-4, 3.1.1.2): they must be long enough and hard to guess. There are no
//! rules about the characters that they must contain.

use std::num::NonZeroUsize;

use zxcvbn::zxcvbn;

use crate::config::{ConfigError, parsed};
use crate::model::field::{FieldErrors, JsonObject};
use crate::model::password::Password;

const MAX_CHARS: usize = 128;

/// The minimum number of guesses for an attacker who knows common passwords. It is zxcvbn's bound between
/// "somewhat guessable" and "safely unguessable", below which its score is at most 2.
const MIN_GUESSES: u64 = 100_000_000;

/// A word that an attacker of this product tries.
const PRODUCT: &str = "healthcare";

#[derive(Debug, Clone, Copy)]
pub struct PasswordPolicy {
    /// `PASSWORD_MIN_LENGTH`, in code points.
    min_chars: usize,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("must have {min} to {MAX_CHARS} characters")]
    Length { min: usize },
    #[error("is too easy to guess{hint}")]
    Guessable { hint: String },
}

impl PasswordPolicy {
    pub fn from_env() -> Result<Self, ConfigError> {
        parsed::<NonZeroUsize>("PASSWORD_MIN_LENGTH").map(Self::new)
    }

    pub const fn new(min_chars: NonZeroUsize) -> Self {
        let min_chars = min_chars.get();
        Self { min_chars: if min_chars < MAX_CHARS { min_chars } else { MAX_CHARS } }
    }

    /// Checks a new password. `context` has the names of the account, which an attacker tries first.
    pub fn check(&self, password: &Password, context: &[&str]) -> Result<(), WeakPassword> {
        let (password, min) = (password.expose(), self.min_chars);
        if !(min..=MAX_CHARS).contains(&password.chars().count()) {
            return Err(WeakPassword::Length { min });
        }
        let parts = context.iter().flat_map(|name| name.split(['@', '.', '+', '-', '_']));
        let known: Vec<&str> = context.iter().copied().chain(parts).chain([PRODUCT]).collect();
        let estimate = zxcvbn(password, &known);
        if estimate.guesses() >= MIN_GUESSES {
            return Ok(());
        }
        let warning = estimate.feedback().and_then(|feedback| feedback.warning());
        let hint = warning.map(|warning| format!(": {warning}")).unwrap_or_default();
        Err(WeakPassword::Guessable { hint })
    }

    /// Checks a field of a body, if it is a string. The parser reports all other errors of the field.
    pub fn check_field(
        &self,
        body: &JsonObject,
        field: &str,
        context: &[&str],
        errors: &mut FieldErrors,
    ) {
        let password = body.get(field).and_then(|value| value.as_str());
        let password = password.map(Password::from);
        if let Some(Err(weak)) = password.map(|password| self.check(&password, context)) {
            errors.add(field, weak.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> PasswordPolicy {
        PasswordPolicy::new(NonZeroUsize::new(8).unwrap())
    }

    fn check(password: &str, context: &[&str]) -> Result<(), WeakPassword> {
        policy().check(&Password::from(password), context)
    }

    fn is_guessable(password: &str, context: &[&str]) -> bool {
        matches!(check(password, context), Err(WeakPassword::Guessable { .. }))
    }

    #[test]
    fn length_is_counted_in_code_points() {
        let of = |length: u32| -> String {
            (0..length).filter_map(|i| char::from_u32(0x4e00 + i * 37)).collect()
        };
        assert_eq!(check(&of(7), &[]), Err(WeakPassword::Length { min: 8 }));
        assert_eq!(check(&of(8), &[]), Ok(()));
        assert_eq!(check(&of(128), &[]), Ok(()));
        assert_eq!(check(&of(129), &[]), Err(WeakPassword::Length { min: 8 }));
        // The characters of the normal form count.
        assert_eq!(check(&(of(127) + "e\u{301}"), &[]), Ok(()));
    }

    #[test]
    fn common_password_is_refused_with_a_reason() {
        for password in ["password1", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "letmein2024"] {
            assert!(is_guessable(password, &[]), "{password}");
        }
        let weak = check("password1", &[]).unwrap_err().to_string();
        assert!(weak.starts_with("is too easy to guess: "), "{weak}");
        assert!(!is_guessable("correct-horse-battery-staple", &[]));
    }

    #[test]
    fn names_of_account_and_product_are_easy_to_guess() {
        assert!(!is_guessable("zbigniewkowal", &[]));
        assert!(is_guessable("zbigniewkowal", &["zbigniew.kowal@example.com"]));
        assert!(is_guessable("healthcare1", &[]));
    }
}
