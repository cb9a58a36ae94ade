//! The decimal digits of all scripts.

/// The zero of each script whose digits NFKC leaves unchanged, in ascending order. The nine other digits follow it.
const ZEROS: [char; 60] = [
    '\u{660}',   // Arabic-Indic
    '\u{6f0}',   // Extended Arabic-Indic
    '\u{7c0}',   // Nko
    '\u{966}',   // Devanagari
    '\u{9e6}',   // Bengali
    '\u{a66}',   // Gurmukhi
    '\u{ae6}',   // Gujarati
    '\u{b66}',   // Oriya
    '\u{be6}',   // Tamil
    '\u{c66}',   // Telugu
    '\u{ce6}',   // Kannada
    '\u{d66}',   // Malayalam
    '\u{de6}',   // Sinhala Lith
    '\u{e50}',   // Thai
    '\u{ed0}',   // Lao
    '\u{f20}',   // Tibetan
    '\u{1040}',  // Myanmar
    '\u{1090}',  // Myanmar Shan
    '\u{17e0}',  // Khmer
    '\u{1810}',  // Mongolian
    '\u{1946}',  // Limbu
    '\u{19d0}',  // New Tai Lue
    '\u{1a80}',  // Tai Tham Hora
    '\u{1a90}',  // Tai Tham Tham
    '\u{1b50}',  // Balinese
    '\u{1bb0}',  // Sundanese
    '\u{1c40}',  // Lepcha
    '\u{1c50}',  // Ol Chiki
    '\u{a620}',  // Vai
    '\u{a8d0}',  // Saurashtra
    '\u{a900}',  // Kayah Li
    '\u{a9d0}',  // Javanese
    '\u{a9f0}',  // Myanmar Tai Laing
    '\u{aa50}',  // Cham
    '\u{abf0}',  // Meetei Mayek
    '\u{104a0}', // Osmanya
    '\u{10d30}', // Hanifi Rohingya
    '\u{11066}', // Brahmi
    '\u{110f0}', // Sora Sompeng
    '\u{11136}', // Chakma
    '\u{111d0}', // Sharada
    '\u{112f0}', // Khudawadi
    '\u{11450}', // Newa
    '\u{114d0}', // Tirhuta
    '\u{11650}', // Modi
    '\u{116c0}', // Takri
    '\u{11730}', // Ahom
    '\u{118e0}', // Warang Citi
    '\u{11950}', // Dives Akuru
    '\u{11c50}', // Bhaiksuki
    '\u{11d50}', // Masaram Gondi
    '\u{11da0}', // Gunjala Gondi
    '\u{11f50}', // Kawi
    '\u{16a60}', // Mro
    '\u{16ac0}', // Tangsa
    '\u{16b50}', // Pahawh Hmong
    '\u{1e140}', // Nyiakeng Puachue Hmong
    '\u{1e2f0}', // Wancho
    '\u{1e4f0}', // Nag Mundari
    '\u{1e950}', // Adlam
];

/// Returns a decimal digit of another script as an ASCII digit; `None` for any other character.
pub(super) fn ascii_digit(c: char) -> Option<char> {
    let after = ZEROS.partition_point(|zero| *zero <= c);
    let zero = *ZEROS.get(after.checked_sub(1)?)?;
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_a_script_are_ten_in_a_row() {
        assert!(ZEROS.is_sorted());
        assert!(ZEROS.iter().all(|zero| ascii_digit(*zero) == Some('0')));
        let arabic: String = "٠١٢٣٤٥٦٧٨٩".chars().filter_map(ascii_digit).collect();
        let thai: String = "๐๑๒๓๔๕๖๗๘๙".chars().filter_map(ascii_digit).collect();
        assert_eq!((arabic.as_str(), thai.as_str()), ("0123456789", "0123456789"));
        for other in ['0', '9', 'a', '/', '٪', '\u{65f}', '\u{10ffff}'] {
            assert_eq!(ascii_digit(other), None, "{other:?}");
        }
    }
}
