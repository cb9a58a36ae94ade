//! The search key of names: what people type in different ways is equal in it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

use super::characters::{decomposed, is_apostrophe, is_blank, is_double_quote, is_ignorable};
use super::latin::ascii_letters;

/// The version of the rule. Stored keys are of one version: a change of the rule, or of the Unicode data behind it, needs
/// a new one.
pub const SEARCH_KEY_VERSION: u32 = 1;

/// Returns the search key of a name or of a query: words in lower case, separated by one space. Accents, apostrophes,
/// quotes and ignorable characters are left out, and Latin letters become ASCII. Vowel signs and other marks that make
/// another word stay. Every other sign separates words.
///
/// The key of a text with something visible is not empty: if the text has only signs, they are its key.
pub fn search_key(text: &str) -> String {
    // Apostrophes go first: NFKD makes a space and a mark of an accent that stands alone.
    let text_of_words: String = text.chars().filter(|c| !is_left_out(*c)).collect();
    let mut spaced = String::with_capacity(text_of_words.len());
    for c in decomposed(&text_of_words).chars().filter(|c| !is_left_out(*c)) {
        if let Some(letters) = ascii_letters(c) {
            spaced.push_str(letters);
        } else if is_combining_mark(c) {
            if !is_accent(c) {
                spaced.push(c);
            }
        } else if c.is_alphanumeric() {
            spaced.push(one_of_arabic(c));
        } else {
            spaced.push(' ');
        }
    }
    let mut key = String::with_capacity(spaced.len());
    for word in spaced.split(' ').filter(|word| !word.is_empty()) {
        if !key.is_empty() {
            key.push(' ');
        }
        key.extend(word.nfc());
    }
    if key.is_empty() { signs(text) } else { key }
}

/// Returns the NFKC of a text without white space.
fn signs(text: &str) -> String {
    text.nfkd().filter(|c| !is_blank(*c) && !is_ignorable(*c)).nfkc().collect()
}

fn is_left_out(c: char) -> bool {
    const TATWEEL: char = '\u{640}';
    matches!(c, '\'' | '`' | '"' | TATWEEL) || is_apostrophe(c) || is_double_quote(c)
}

/// Whether a mark is one that people leave out: an accent, or a point of Arabic or Hebrew. The voicing marks of kana make
/// other syllables.
fn is_accent(mark: char) -> bool {
    const VOICING: [char; 2] = ['\u{3099}', '\u{309a}'];
    matches!(mark.script(), Script::Inherited | Script::Hebrew) && !VOICING.contains(&mark)
}

/// Returns one letter for the forms of alef, yeh, kaf and heh. The hamza and the madda of other forms are marks.
const fn one_of_arabic(letter: char) -> char {
    match letter {
        '\u{671}'..='\u{673}' => '\u{627}',
        '\u{649}' | '\u{6cc}' => '\u{64a}',
        '\u{6a9}' => '\u{643}',
        // Teh marbuta, and the forms of heh in Persian and Urdu
        '\u{629}' | '\u{6be}' | '\u{6c1}' | '\u{6c3}' | '\u{6d5}' => '\u{647}',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use ring::digest::{Context, SHA256};

    use super::super::characters::all;
    use super::*;

    /// The SHA-256 of the keys of all characters under this version of the rule.
    const DIGEST: &str = "15d67f1c00b82cd0e2f18c8ddccc922f6f3703ee378fd4ed4b6bd97d590ef1eb";

    #[test]
    fn rule_changes_only_with_its_version() {
        let mut keys = Context::new(&SHA256);
        for c in all() {
            let text = c.to_string();
            let key = search_key(&text);
            assert!(key == text || search_key(&key) == key, "the key of a key is itself: {c:?}");
            keys.update(text.as_bytes());
            keys.update(key.as_bytes());
            // No byte of UTF-8.
            keys.update(&[0xff]);
        }
        let digest: String =
            keys.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (digest.as_str(), SEARCH_KEY_VERSION),
            (DIGEST, 1),
            "the rule or its Unicode data changed: raise SEARCH_KEY_VERSION and set DIGEST to the first value, \
             so that stored keys are made again"
        );
    }

    #[test]
    fn what_people_type_in_different_ways_has_one_key() {
        let keys: &[(&str, &[&str])] = &[
            ("garcia", &["García", "GARCIA", "Garci\u{301}a", "ＧＡＲＣＩＡ", "gar\u{ad}cia"]),
            ("grossmann", &["Großmann", "GROSSMANN", "GROẞMANN"]),
            ("oconnor", &["O'Connor", "O\u{2019}Connor", "O\u{b4}Connor", "O`Connor", "OʼConnor"]),
            (
                "smith jones",
                &["Smith-Jones", "Smith Jones", "Smith\u{2010}Jones", " smith  jones "],
            ),
            ("st john", &["St. John", "St.John", "ST JOHN"]),
            ("angstrom", &["Ångström", "\u{212b}ngström", "angstrom"]),
            ("istanbul", &["İstanbul", "ıstanbul", "ISTANBUL", "istanbul"]),
            ("soren", &["Søren", "SØREN", "Soren"]),
            ("lukasz", &["Łukasz", "łukasz"]),
            ("thorgeirr aegir", &["Þorgeirr Ægir", "þorgeirr-ægir"]),
            ("eliyev", &["Əliyev", "əliyev"]),
            ("nguyen thi huong", &["Nguyễn Thị Hương", "NGUYEN THI HUONG"]),
            ("dang", &["Đặng", "đặng", "Dang"]),
            ("gbemisola", &["Gbẹ́misọ́lá", "gbemisola"]),
            ("kofi", &["Kɔfi", "ƘƆFI"]),
            ("okina", &["ʻokina", "\u{2018}Okina", "'okina"]),
            ("gal la", &["Gal·la", "Gaŀla", "gal.la"]),
            ("νικοσ", &["Νίκος", "ΝΙΚΟΣ", "νικοσ"]),
            ("алексеи", &["Алексей", "АЛЕКСЕЙ"]),
            ("федор", &["Фёдор", "Федор"]),
            ("احمد", &["أحمد", "احمد", "أَحْمَد", "احـمد"]),
            ("امنه", &["آمنة", "ٱمنة"]),
            ("علي", &["علي", "على", "علی"]),
            ("كريمي", &["کریمی", "كريمي"]),
            ("علي رضا", &["علی رضا", "علي\u{a0}رضا"]),
            ("عليرضا", &["علی\u{200c}رضا"]),
            ("שלמה", &["שְׁלֹמֹה", "שלמה"]),
            ("צהל", &["צה״ל", "צה\"ל"]),
            ("გიორგი", &["გიორგი", "ᲒᲘᲝᲠᲒᲘ"]),
            ("եւա", &["Եւա", "\u{587}ա", "ԵՒԱ"]),
            ("한글", &["한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"]),
            ("ガオ", &["ｶﾞｵ", "ガオ"]),
            ("ジョン スミス", &["ジョン・スミス", "ジョン･スミス", "ジョン スミス"]),
            ("神", &["\u{fa19}", "神"]),
        ];
        for (key, texts) in keys {
            for text in *texts {
                assert_eq!(search_key(text), *key, "{text}");
            }
        }
    }

    #[test]
    fn marks_that_make_other_words_stay() {
        // Vowel signs, viramas and nuktas of Devanagari; vowels and tone marks of Thai; voicing marks of kana.
        for text in ["कि", "क्षत्रिय", "ज़ैनब", "น้ำ", "สมชาย", "が", "ぱ", "ሰላም", "ශ්රී"]
        {
            let words = search_key(text);
            let marks = |text: &str| text.nfkd().filter(|c| is_combining_mark(*c)).count();
            assert_eq!(marks(&words), marks(text), "{text}");
        }
        for (one, other) in [("कि", "की"), ("か", "が"), ("は", "ぱ"), ("ज", "ज़"), ("มา", "ม้า")]
        {
            assert_ne!(search_key(one), search_key(other), "{one} {other}");
        }
        // The joiner of Sinhala is left out in the key.
        assert_eq!(search_key("ශ්\u{200d}රී"), search_key("ශ්රී"));
    }

    #[test]
    fn text_of_signs_alone_is_its_own_key() {
        for (text, key) in
            [("-", "-"), (" . . ", ".."), ("'", "'"), ("－", "-"), ("ـ", "ـ"), ("♥", "♥")]
        {
            assert_eq!(search_key(text), key, "{text}");
            assert_eq!(search_key(key), key, "{key}");
        }
        assert_eq!(search_key(" \u{200b}"), "");
    }

    #[test]
    fn key_of_a_key_is_itself_and_begins_with_that_of_its_first_word() {
        let words =
            ["García", "O'Connor", "Großmann", "Νίκος", "أحمد", "ज़ैनब", "한글", "ｶﾞ", "Đặng", "-"];
        for (one, other) in words.iter().flat_map(|one| words.map(|other| (*one, other))) {
            for text in [format!("{one} {other}"), format!("{one}{other}")] {
                let key = search_key(&text);
                assert_eq!(search_key(&key), key, "{text}");
            }
            if one != "-" {
                let both = search_key(&format!("{one} {other}"));
                assert!(both.starts_with(&search_key(one)), "{both}");
            }
        }
    }
}
