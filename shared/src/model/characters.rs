//! Properties of characters, and folding, which the rules about text share.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;

/// Returns a text without differences of case: full case folding, which is the same in every language.
pub(super) fn fold_case(text: &str) -> Cow<'_, str> {
    CaseMapper::new().fold_string(text)
}

/// Returns the NFKD of a text without differences of case and without ignorable characters.
pub(super) fn decomposed(text: &str) -> String {
    let once = |text: &str| -> String {
        let visible: String = text.nfkd().filter(|c| !is_ignorable(*c)).collect();
        fold_case(&visible).nfkd().collect()
    };
    // Folding can make characters that NFKD turns into capitals: the Unicode Standard (D146) repeats it once.
    once(&once(text))
}

/// Whether a character has no glyph of its own (Unicode's Default_Ignorable_Code_Point, which reserves these ranges).
pub(super) const fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a character embeds, overrides or isolates the direction of the text after it. The marks U+200E, U+200F and
/// U+061C do not: people need them between words of two directions.
pub(super) const fn changes_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character stands for nothing: a noncharacter, or U+FFFD, which stands for one that was lost.
pub(super) const fn is_meaningless(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}' | '\u{fffd}') || c as u32 & 0xfffe == 0xfffe
}

/// Whether a character looks like white space.
pub(super) fn is_blank(c: char) -> bool {
    const BRAILLE_BLANK: char = '\u{2800}';
    c.is_whitespace() || c == BRAILLE_BLANK
}

/// Whether a character that is not ASCII serves as an apostrophe, or looks like one: quotation marks, primes, accents
/// that stand alone, and the letters that write a glottal stop.
pub(super) const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\u{b4}' // acute accent
            | '\u{2b9}'
            | '\u{2bb}'..='\u{2bf}' // with the Hawaiian ʻokina
            | '\u{2c0}'..='\u{2c1}'
            | '\u{2ca}'..='\u{2cb}'
            | '\u{384}' // Greek tonos
            | '\u{55a}' // Armenian
            | '\u{5f3}' // geresh
            | '\u{7f4}'..='\u{7f5}' // N'Ko
            | '\u{1fbd}'
            | '\u{1fbf}'
            | '\u{1ffd}'..='\u{1ffe}'
            | '\u{2018}'..='\u{201b}'
            | '\u{2032}'
            | '\u{2035}'
            | '\u{275b}'..='\u{275c}'
            | '\u{a78b}'..='\u{a78c}' // saltillo
    )
}

/// Whether a character that is not ASCII serves as a double quotation mark, or looks like one.
pub(super) const fn is_double_quote(c: char) -> bool {
    matches!(
        c,
        '\u{2ba}'
            | '\u{2dd}' // double acute accent
            | '\u{2ee}'
            | '\u{5f4}' // gershayim
            | '\u{201c}'..='\u{201f}'
            | '\u{2033}'
            | '\u{2036}'
            | '\u{275d}'..='\u{275e}'
            | '\u{301d}'..='\u{301f}'
    )
}

/// Returns every character of the planes in which Unicode has assigned some, except those of private use.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = char> {
    ('\0'..='\u{3ffff}').chain('\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_full_and_of_no_language() {
        assert_eq!(fold_case("STRASSE Straße ẞ"), "strasse strasse ss");
        assert_eq!(fold_case("ΝΊΚΟΣ Νίκος"), "νίκοσ νίκοσ");
        assert_eq!(fold_case("I İ ı"), "i i\u{307} ı");
    }

    #[test]
    fn noncharacters_are_at_the_end_of_each_plane() {
        for c in ['\u{fffd}', '\u{fffe}', '\u{ffff}', '\u{fdd0}', '\u{1fffe}', '\u{10ffff}'] {
            assert!(is_meaningless(c), "{c:?}");
        }
        for c in ['a', '\u{fffc}', '\u{1fffd}', '\u{fdcf}'] {
            assert!(!is_meaningless(c), "{c:?}");
        }
    }
}
