//! The form in which unique values are compared.

use unicode_normalization::UnicodeNormalization;

use super::characters::{decomposed, is_apostrophe, is_blank, is_double_quote};
use super::digit::ascii_digit;

/// Returns the form in which unique values are compared (licences, usernames, emails, identifiers): NFKC, full case
/// folding, without ignorable characters, with look-alike punctuation (dashes, apostrophes, quotes, spaces, dots,
/// slashes) as its ASCII sign, with the digits of every script as ASCII digits, and with runs of white space as one space. The beginning of a text has the beginning of
/// its form.
pub fn unique_form(text: &str) -> String {
    // Signs come first: NFKD makes a space and a mark of an accent that stands alone.
    let signs: String = text.chars().map(ascii_sign).collect();
    let folded = decomposed(&signs);
    let mut form = String::with_capacity(folded.len());
    for c in folded.chars().map(|c| ascii_digit(c).unwrap_or_else(|| ascii_sign(c))) {
        if c != ' ' || !(form.is_empty() || form.ends_with(' ')) {
            form.push(c);
        }
    }
    form.trim_end().nfkc().collect()
}

/// Returns the ASCII sign that a character looks like, or the character.
fn ascii_sign(c: char) -> char {
    match c {
        _ if c.is_ascii() && !c.is_whitespace() => c,
        _ if is_blank(c) => ' ',
        _ if is_apostrophe(c) => '\'',
        _ if is_double_quote(c) => '"',
        _ if is_dash(c) => '-',
        _ if is_dot(c) => '.',
        '\u{2044}' | '\u{2215}' | '\u{2571}' | '\u{29f8}' => '/',
        '\u{2216}' | '\u{29f5}' => '\\',
        _ => c,
    }
}

const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{58a}' // Armenian
            | '\u{5be}' // maqaf
            | '\u{1400}'
            | '\u{1806}'
            | '\u{2010}'..='\u{2015}'
            | '\u{2043}'
            | '\u{2212}' // minus
            | '\u{2796}'
            | '\u{2e17}'
            | '\u{2e3a}'..='\u{2e3b}'
            | '\u{2e40}'
            | '\u{2e5d}'
            | '\u{10ead}'
    )
}

const fn is_dot(c: char) -> bool {
    matches!(
        c,
        '\u{b7}'
            | '\u{387}'
            | '\u{6d4}' // Arabic full stop
            | '\u{2022}'
            | '\u{2024}'
            | '\u{2027}'
            | '\u{2219}'
            | '\u{22c5}'
            | '\u{3002}' // ideographic full stop
            | '\u{30fb}'
            | '\u{ff61}'
            | '\u{ff65}'
    )
}

#[cfg(test)]
mod tests {
    use super::super::characters::all;
    use super::*;

    #[test]
    fn spellings_that_look_alike_have_one_form() {
        for (one, other) in [
            ("ＡMARA", "amara"),
            ("ﬁn", "fin"),
            ("Νίκος", "ΝΊΚΟΣ"),
            ("Straße", "STRASSE"),
            ("José", "Jose\u{301}"),
            ("BUG-1", "bug-1\u{200b}"),
            ("BUG-1", "BUG\u{2010}1"),
            ("BUG-1", "BUG\u{2212}1"),
            ("BUG-1", "\u{2066}BUG\u{ad}-1\u{2069} \u{feff}"),
            ("A 1", " A\u{a0}\u{3000}\u{2800} 1 "),
            ("O'Connor", "O\u{2019}Connor"),
            ("O'Connor", "O\u{b4}Connor"),
            ("\"X\"", "\u{201c}X\u{201d}"),
            ("1/2", "½"),
            ("a.b", "a\u{b7}b"),
        ] {
            assert_eq!(unique_form(one), unique_form(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn letters_and_signs_of_ascii_stay_different() {
        let different = [("0", "O"), ("rn", "m"), ("l", "1"), ("`", "'"), ("e", "é"), ("ı", "i")];
        for (one, other) in different {
            assert_ne!(unique_form(one), unique_form(other), "{one} {other}");
        }
    }

    #[test]
    fn form_of_a_form_is_itself() {
        for c in all() {
            let text = format!("a{c}b");
            let form = unique_form(&text);
            assert!(form == text || unique_form(&form) == form, "{c:?}");
        }
    }

    #[test]
    fn beginning_of_a_text_has_the_beginning_of_its_form() {
        for (beginning, text) in [
            ("ΠΑΠΑΣ", "Παπασπύρου"),
            ("Groß", "GROSSMANN"),
            ("O\u{2019}", "O'Connor"),
            ("de ", "De la Cruz"),
            ("BUG-", "bug\u{2013}1"),
        ] {
            assert!(unique_form(text).starts_with(&unique_form(beginning)), "{beginning}");
        }
    }
}
