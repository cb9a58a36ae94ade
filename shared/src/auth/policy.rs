//! The policy for new passwords (NIST SP 800-63B-4, 3.1.1.2): they must be long enough and hard to guess. There are no
//! rules about the characters that they must contain.

use std::num::NonZeroUsize;
use std::sync::Arc;

use zxcvbn::zxcvbn;

use super::common_passwords;
use super::context_words::CONTEXT_WORDS;
use super::password::HashSlots;
use crate::config::{ConfigError, optional, parsed};
use crate::error::ApiError;
use crate::model::field::{FieldErrors, JsonObject};
use crate::model::look_alikes::{letters, plain, substitutions};
use crate::model::password::Password;

const MAX_CHARS: usize = 128;

/// The minimum number of guesses for an attacker who knows common passwords. It is zxcvbn's bound between
/// "somewhat guessable" and "safely unguessable", below which its score is at most 2.
const MIN_GUESSES: u64 = 100_000_000;

/// The number of characters that are judged. The time grows faster than their number.
const JUDGED_CHARS: usize = 50;

/// The number of texts that zxcvbn judges in place of one: see [`substitutions`].
const MAX_SUBSTITUTIONS: usize = 64;

/// The shortest context word, in bytes: three Latin letters, or one Chinese character. Shorter ones are in many words.
const MIN_WORD: usize = 3;

#[derive(Debug, Clone)]
pub struct PasswordPolicy {
    /// `PASSWORD_MIN_LENGTH`, in code points.
    min_chars: usize,
    /// `PASSWORD_CONTEXT_WORDS`: names and words of the installation, separated by commas.
    context: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("must have {min} to {MAX_CHARS} characters")]
    Length { min: usize },
    #[error("must not contain control characters or U+FFFD; send UTF-8")]
    Unreadable,
    #[error("is too easy to guess{hint}")]
    Guessable { hint: String },
}

impl PasswordPolicy {
    pub fn from_env() -> Result<Self, ConfigError> {
        let policy = parsed("PASSWORD_MIN_LENGTH").map(Self::new)?;
        let context = optional("PASSWORD_CONTEXT_WORDS").unwrap_or_default();
        Ok(policy.with_context(&context))
    }

    pub const fn new(min_chars: NonZeroUsize) -> Self {
        let min_chars = min_chars.get();
        let min_chars = if min_chars < MAX_CHARS { min_chars } else { MAX_CHARS };
        Self { min_chars, context: Vec::new() }
    }

    /// Returns the policy with the operator's context words, separated by commas.
    pub fn with_context(self, context: &str) -> Self {
        Self { context: context.split(',').map(str::to_owned).collect(), ..self }
    }

    /// Checks the length of a field of a body, if it is a string. The parser reports all other errors of the field.
    pub fn check_length(&self, body: &JsonObject, field: &str, errors: &mut FieldErrors) {
        let password = body.get(field).and_then(|value| value.as_str()).map(Password::from);
        if let Some(Err(weak)) = password.map(|password| self.has_form(&password)) {
            errors.add(field, weak.to_string());
        }
    }

    /// Refuses a weak password, the value of this field of a body, with a 400. Judging it takes as long as a hash, and
    /// therefore a slot for one. `names` are those of the account, which an attacker tries first.
    pub async fn require(
        &self,
        slots: &Arc<HashSlots>,
        field: &str,
        password: &Password,
        names: &[&str],
    ) -> Result<(), ApiError> {
        let (policy, password) = (self.clone(), password.clone());
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let judged = slots.run(1, move |_| Ok(policy.check(&password, &names))).await?;
        judged.map_err(|weak| ApiError::InvalidBody(FieldErrors::one(field, weak.to_string())))
    }

    /// Checks a new password.
    pub fn check<S: AsRef<str>>(
        &self,
        password: &Password,
        names: &[S],
    ) -> Result<(), WeakPassword> {
        self.has_form(password)?;
        let plain = plain(password.expose());
        if common_passwords::contains(&plain) {
            return Err(WeakPassword::Guessable { hint: ": many people use it".to_owned() });
        }
        let words = self.words(names);
        if substitutions(&plain) <= MAX_SUBSTITUTIONS {
            judge(&plain, &words)?;
        }
        let words: Vec<String> = words.iter().map(|word| letters(word)).collect();
        judge(&letters(&plain), &words)
    }

    fn has_form(&self, password: &Password) -> Result<(), WeakPassword> {
        let min = self.min_chars;
        let is_allowed = (min..=MAX_CHARS).contains(&password.expose().chars().count());
        if !is_allowed {
            return Err(WeakPassword::Length { min });
        }
        // Bytes that are no UTF-8 arrive as U+FFFD: different passwords would be equal.
        let is_unreadable = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        if password.expose().chars().any(is_unreadable) {
            return Err(WeakPassword::Unreadable);
        }
        Ok(())
    }

    /// Returns the words that an attacker of this account tries first, the longest first.
    fn words<S: AsRef<str>>(&self, names: &[S]) -> Vec<String> {
        let of_account = names.iter().map(S::as_ref);
        let of_operator = self.context.iter().map(String::as_str);
        let phrases = of_account.chain(of_operator).chain(CONTEXT_WORDS.split_whitespace());
        let mut words: Vec<String> =
            phrases.flat_map(words_of).filter(|word| word.len() >= MIN_WORD).collect();
        words.sort_unstable_by(|one, other| {
            other.len().cmp(&one.len()).then_with(|| one.cmp(other))
        });
        words.dedup();
        words
    }
}

/// Returns the words of a name, and the name without the signs between them.
fn words_of(name: &str) -> Vec<String> {
    let name = plain(name);
    let is_sign = |c: char| c.is_whitespace() || c.is_ascii_punctuation();
    let mut words: Vec<String> = name.split(is_sign).map(str::to_owned).collect();
    words.push(words.concat());
    words
}

/// Refuses a text that takes too few guesses. A context word, or several in a row, counts as one character.
///
/// zxcvbn adds 10 000 guesses to the power of the parts before the last: an attacker does not know their number. For
/// three parts, such as a word, a year and `!`, this alone is the minimum. Therefore the product of the parts' guesses
/// must reach the minimum, too.
fn judge(text: &str, words: &[String]) -> Result<(), WeakPassword> {
    let rest: String = without_words(text, words).chars().take(JUDGED_CHARS).collect();
    let known: Vec<&str> = words.iter().map(String::as_str).collect();
    let estimate = zxcvbn(&rest, &known);
    let of_parts = estimate.sequence().iter().filter_map(|part| part.guesses);
    let guesses = of_parts.fold(1, u64::saturating_mul).min(estimate.guesses());
    if guesses >= MIN_GUESSES {
        return Ok(());
    }
    let warning = estimate.feedback().and_then(|feedback| feedback.warning());
    let hint = match warning {
        _ if words.iter().any(|word| text.contains(word.as_str())) => {
            ": it has a word that attackers try first".to_owned()
        }
        Some(warning) => format!(": {warning}"),
        None => String::new(),
    };
    Err(WeakPassword::Guessable { hint })
}

/// Returns a text with one space for each context word and for several in a row.
fn without_words(text: &str, words: &[String]) -> String {
    let mut rest = text.to_owned();
    for word in words.iter().filter(|word| text.contains(word.as_str())) {
        rest = rest.replace(word.as_str(), " ");
    }
    let mut is_after_space = false;
    rest.retain(|c| {
        let is_repeated = is_after_space && c == ' ';
        is_after_space = c == ' ';
        !is_repeated
    });
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> PasswordPolicy {
        PasswordPolicy::new(NonZeroUsize::new(8).unwrap())
    }

    fn check(password: &str, names: &[&str]) -> Result<(), WeakPassword> {
        policy().check(&Password::from(password), names)
    }

    fn is_guessable(password: &str, names: &[&str]) -> bool {
        matches!(check(password, names), Err(WeakPassword::Guessable { .. }))
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
        assert!(!is_guessable("xK9#mQ2v", &[]));
    }

    #[test]
    fn breached_password_without_a_pattern_is_refused() {
        for password in ["OlanRewaju", "pqntmt1247", "id6c3wr6un"] {
            let weak = check(password, &[]).unwrap_err().to_string();
            assert_eq!(weak, "is too easy to guess: many people use it", "{password}");
        }
    }

    #[test]
    fn word_with_a_year_and_a_sign_is_refused() {
        for password in ["Sunshine2026!", "Liverpool-2025"] {
            assert!(is_guessable(password, &[]), "{password}");
        }
    }

    #[test]
    fn words_of_hospitals_and_for_passwords_are_easy_to_guess() {
        for password in [
            "Hospital2026!",
            "H0sp1t@l2026!",
            "StMarysHospital",
            "Klinikum2026",
            "MercyHospital2026!",
            "DoctorNurseHospital2026!",
            "пароль123",
            "Больница2026",
            "pass\u{ad}word2026",
            "pass\u{200b}word-2026",
            "ｐａｓｓｗｏｒｄ２０２６",
            "Pässwörd2026!",
            "healthcare1",
        ] {
            assert!(is_guessable(password, &[]), "{password:?}");
        }
    }

    #[test]
    fn names_of_the_account_are_easy_to_guess() {
        assert!(!is_guessable("wojciechkowalik", &[]));
        assert!(is_guessable("wojciechkowalik", &["wojciech.kowalik@example.com"]));
    }

    #[test]
    fn context_words_of_the_operator_are_easy_to_guess() {
        let password = Password::from("QuillonFarrow-2026");
        let none: [&str; 0] = [];
        assert_eq!(policy().check(&password, &none), Ok(()));
        let policy = policy().with_context("Clinic of Farrow, Quillon");
        assert!(policy.check(&password, &none).is_err());
        assert!(policy.check(&Password::from("qu!ll0n-f4rr0w-2026"), &none).is_err());
    }

    #[test]
    fn only_the_beginning_of_a_long_password_is_judged() {
        let beginning = "a".repeat(JUDGED_CHARS);
        assert!(is_guessable(&(beginning + "vrxkwtqpzj"), &[]));
    }

    #[test]
    fn text_with_too_many_substitutions_is_judged_by_its_letters() {
        let signs = "h(sp1t@l{2026}[<|%+7$5";
        assert!(substitutions(signs) > MAX_SUBSTITUTIONS);
        assert!(!is_guessable(signs, &[]));
        assert!(is_guessable("h0$p!+4l1|7(6", &[]));
    }
}
