//! Bounded, trimmed text, and folding, which makes different spellings of a name equal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::field::{field_from_str, unseen};

/// Returns the form of a text that is used to compare and to sort: NFKC in lower case. Each letter is folded alone, so
/// that the beginning of a text folds to the beginning of the folded text.
pub fn fold(text: &str) -> String {
    // Only sigma has a second small form, for the end of a word.
    let one_sigma = |c| if c == 'ς' { 'σ' } else { c };
    text.nfkc().flat_map(char::to_lowercase).map(one_sigma).nfkc().collect()
}

/// One line of 1 to `MAX` characters, without control characters. Surrounding white space is removed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

/// Text of 1 to `MAX` characters, which may include line breaks and tabs. Surrounding white space is removed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    #[error("must not be empty")]
    Empty,
    #[error("must have at most {0} characters")]
    TooLong(usize),
    #[error("must not contain control characters")]
    ControlCharacter,
}

impl<const MAX: usize> Line<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the [folded](fold) line: at most `4 × MAX` bytes, so that it fits into a table key.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl<const MAX: usize> FromStr for Line<MAX> {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let line = bounded(text, MAX, char::is_control)?;
        // Folding lengthens a few characters. One of them becomes 18 characters.
        if fold(&line).len() > 4 * MAX {
            return Err(InvalidText::TooLong(MAX));
        }
        Ok(Self(line))
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let is_forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        bounded(text, MAX, is_forbidden).map(Self)
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

field_from_str!(Line<MAX>, const MAX: usize);
unseen!(Line<MAX>, const MAX: usize);
field_from_str!(Text<MAX>, const MAX: usize);
unseen!(Text<MAX>, const MAX: usize);

fn bounded(
    text: &str,
    max: usize,
    is_forbidden: impl Fn(char) -> bool,
) -> Result<String, InvalidText> {
    let text = text.trim();
    if text.is_empty() {
        Err(InvalidText::Empty)
    } else if text.chars().count() > max {
        Err(InvalidText::TooLong(max))
    } else if text.chars().any(is_forbidden) {
        Err(InvalidText::ControlCharacter)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_after_trimming() {
        assert_eq!(" Zoë ".parse::<Line<3>>().unwrap().as_str(), "Zoë");
        assert_eq!("Zoës".parse::<Line<3>>(), Err(InvalidText::TooLong(3)));
        assert_eq!(" \t".parse::<Line<3>>(), Err(InvalidText::Empty));
    }

    #[test]
    fn line_rejects_line_breaks_and_text_accepts_them() {
        assert_eq!("a\nb".parse::<Line<9>>(), Err(InvalidText::ControlCharacter));
        assert!("a\nb".parse::<Text<9>>().is_ok());
        assert_eq!("a\0b".parse::<Text<9>>(), Err(InvalidText::ControlCharacter));
    }

    #[test]
    fn line_with_a_long_folded_form_is_too_long() {
        let ligature = "\u{fdfa}"; // folds to 18 characters
        assert_eq!(ligature.parse::<Line<1>>(), Err(InvalidText::TooLong(1)));
    }

    #[test]
    fn folding_makes_spellings_equal() {
        assert_eq!(fold("ＡMARA"), "amara");
        assert_eq!(fold("ﬁn"), "fin");
        assert_eq!(fold("Νίκος"), fold("ΝΊΚΟΣ"));
        assert!(fold("Παπασπύρου").starts_with(&fold("ΠΑΠΑΣ")));
    }
}
