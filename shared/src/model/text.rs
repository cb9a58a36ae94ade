//! Bounded, trimmed text that shows something and means what it shows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::char::is_combining_mark;

use super::characters::{changes_direction, is_blank, is_ignorable, is_meaningless};
use super::field::{field_from_str, unseen};
use super::search_key::search_key;
use super::unique_form::unique_form;

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
    #[error("must not contain characters that change the direction of text")]
    Direction,
    #[error("must not contain U+FFFD or noncharacters")]
    Meaningless,
    #[error("must have a visible character")]
    Invisible,
}

impl<const MAX: usize> Line<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the [unique form](unique_form) of the line: at most `4 × MAX` bytes, so that it fits into a table key.
    pub fn unique_form(&self) -> String {
        unique_form(&self.0)
    }

    /// Returns the [search key](search_key) of the line: at most `4 × MAX` bytes.
    pub fn search_key(&self) -> String {
        search_key(&self.0)
    }
}

impl<const MAX: usize> FromStr for Line<MAX> {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let ends_line = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
        let line = bounded(text, MAX, |c| c.is_control() || ends_line(c))?;
        // Folding lengthens a few characters. One of them becomes 18 characters.
        if unique_form(&line).len().max(search_key(&line).len()) > 4 * MAX {
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
    } else if text.chars().any(changes_direction) {
        Err(InvalidText::Direction)
    } else if text.chars().any(is_meaningless) {
        Err(InvalidText::Meaningless)
    } else if !text.chars().any(is_visible) {
        Err(InvalidText::Invisible)
    } else {
        Ok(text.to_owned())
    }
}

/// Whether a character shows something on its own, without another one that it would be a mark of.
fn is_visible(c: char) -> bool {
    let shows_nothing = matches!(
        c,
        '\u{fff9}'..='\u{fffc}' | '\u{13430}'..='\u{13442}' | '\u{1d159}'
        // Private use
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'
    );
    !(shows_nothing || is_blank(c) || is_ignorable(c) || is_combining_mark(c) || c.is_control())
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
    fn text_shows_something() {
        let invisible = [
            "\u{200b}",
            "\u{200d}\u{ad}\u{feff}",
            "\u{3164}",
            "\u{115f}\u{ffa0}",
            "\u{2800}\u{2800}",
            "\u{301}",
            "\u{e0041}",
            "\u{200b} \u{a0}\u{200b}",
        ];
        for text in invisible {
            assert_eq!(text.parse::<Line<9>>(), Err(InvalidText::Invisible), "{text:?}");
            assert_eq!(text.parse::<Text<9>>(), Err(InvalidText::Invisible), "{text:?}");
        }
        for text in ["-", "é", "کریم\u{200c}پور", "ශ්\u{200d}රී", "\u{200f}דוד", "\u{1f44d}"]
        {
            assert_eq!(text.parse::<Line<9>>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn text_means_what_it_shows() {
        for c in ['\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            let text = format!("a{c}b");
            assert_eq!(text.parse::<Line<9>>(), Err(InvalidText::Direction), "{c:?}");
            assert_eq!(text.parse::<Text<9>>(), Err(InvalidText::Direction), "{c:?}");
        }
        for c in ['\u{fffd}', '\u{ffff}', '\u{fdd0}', '\u{10fffe}'] {
            let text = format!("a{c}b");
            assert_eq!(text.parse::<Line<9>>(), Err(InvalidText::Meaningless), "{c:?}");
        }
    }
}
