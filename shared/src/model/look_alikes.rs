//! Characters that people write in place of a letter: letters of other scripts, letters with accents, signs and digits.

use unicode_security::skeleton;

use super::characters::decomposed;
use super::latin::ascii_letters;

/// The signs and digits that stand for each letter, as in zxcvbn's table. One that stands for several letters is read as
/// the first.
const SIGNS: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('t', "+7"),
    ('l', "1|7"),
    ('o', "0"),
    ('s', "$5"),
    ('x', "%"),
    ('z', "2"),
];

/// The signs that stand for two letters.
const AMBIGUOUS: &str = "1|7";

/// Returns a text as a list of words has it: in lower case, without accents and ignorable characters, and with ASCII in
/// place of letters that look like it or are transcribed by it.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in decomposed(text).chars() {
        match ascii_letters(c) {
            Some(letters) => plain.push_str(letters),
            None if matches!(c, '\u{300}'..='\u{36f}') => {}
            None => push_skeleton(&mut plain, c),
        }
    }
    plain.make_ascii_lowercase();
    plain
}

/// Returns a text with a letter for each sign or digit that stands for one.
pub fn letters(text: &str) -> String {
    let letter = |c| SIGNS.iter().find(|(_, signs)| signs.contains(c)).map_or(c, |(it, _)| *it);
    text.chars().map(letter).collect()
}

/// Returns how many texts arise at most if letters replace signs and digits, each sign by the same letter everywhere.
/// zxcvbn judges each of them.
pub fn substitutions(text: &str) -> usize {
    let ways = |(_, signs): &(char, &str)| {
        let present = signs.chars().filter(|sign| text.contains(*sign));
        let ways: usize = present.map(|sign| if AMBIGUOUS.contains(sign) { 2 } else { 1 }).sum();
        ways.max(1)
    };
    SIGNS.iter().map(ways).product()
}

/// Appends the characters that a character looks like (its skeleton in UTS 39). ASCII stays as it is.
pub(super) fn push_skeleton(text: &mut String, c: char) {
    if c.is_ascii() {
        text.push(c);
    } else {
        text.extend(skeleton(c.encode_utf8(&mut [0; 4])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_become_ascii_letters() {
        for text in [
            "Password",
            "Pa\u{308}sswørd",
            "ｐａｓｓｗｏｒｄ",
            "pass\u{ad}word",
            "р\u{430}ssw\u{43e}rd",
        ] {
            assert_eq!(plain(text), "password", "{text}");
        }
        assert_eq!(plain("Straße 1!"), "strasse 1!");
        assert_eq!(plain("ПАРОЛЬ"), plain("пароль"));
        assert_eq!(plain("密码"), plain("密码"));
    }

    #[test]
    fn signs_become_letters() {
        assert_eq!(letters("h0sp!+@|"), "hospitai");
        assert_eq!(letters("p4$5w0rd & #"), "password & #");
    }

    #[test]
    fn substitutions_are_counted_without_trying_them() {
        for (text, most) in [("hospital", 1), ("h0spital", 1), ("p@ssw4rd", 2), ("1", 4)] {
            assert_eq!(substitutions(text), most, "{text}");
        }
        assert!(substitutions("4@8({[<3691!|+7$50%2") > 1000);
    }
}
