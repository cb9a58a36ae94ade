//! Latin letters that Unicode does not decompose, as people without them on the keyboard type them.

/// Returns the ASCII letters for a lower-case letter, as in CLDR's transform Latin-ASCII. Its gaps are filled for letters
/// of names: ə of Azerbaijani, ɔ and others of African languages, ʒ of Skolt Sami.
pub(super) const fn ascii_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ɐ' | 'ɑ' | 'ᴀ' | 'ᶏ' | 'ⱥ' => "a",
        'ꜳ' => "aa",
        'æ' | 'ᴁ' => "ae",
        'ꜵ' => "ao",
        'ꜷ' => "au",
        'ꜹ' | 'ꜻ' => "av",
        'ꜽ' => "ay",
        'ƀ' | 'ƃ' | 'ɓ' | 'ʙ' | 'ᴃ' | 'ᵬ' | 'ᶀ' => "b",
        'ƈ' | 'ȼ' | 'ɕ' | 'ᴄ' | 'ꞓ' | 'ꞔ' => "c",
        'ð' | 'đ' | 'ƌ' | 'ȡ' | 'ɖ' | 'ɗ' | 'ᴅ' | 'ᴆ' | 'ᵭ' | 'ᶁ' | 'ᶑ' | 'ꝱ' | 'ꝺ' => {
            "d"
        }
        'ȸ' => "db",
        'ʣ' | 'ʥ' => "dz",
        'ǝ' | 'ə' | 'ɇ' | 'ɛ' | 'ᴇ' | 'ᶒ' | 'ᶓ' | 'ⱸ' => "e",
        'ƒ' | 'ᵮ' | 'ᶂ' | 'ꜰ' | 'ꝼ' => "f",
        'ǥ' | 'ɠ' | 'ɡ' | 'ɢ' | 'ɣ' | 'ʛ' | 'ᶃ' | 'ꞡ' => "g",
        'ħ' | 'ɦ' | 'ɧ' | 'ʜ' | 'ⱨ' => "h",
        'ƕ' => "hv",
        'ı' | 'ɨ' | 'ɩ' | 'ɪ' | 'ᵻ' | 'ᶖ' => "i",
        'ȷ' | 'ɉ' | 'ɟ' | 'ʝ' | 'ᴊ' => "j",
        'ƙ' | 'ᴋ' | 'ᶄ' | 'ⱪ' | 'ꝁ' | 'ꝃ' | 'ꝅ' | 'ꞣ' => "k",
        'ł' | 'ƚ' | 'ȴ' | 'ɫ' | 'ɬ' | 'ɭ' | 'ʟ' | 'ᴌ' | 'ᶅ' | 'ⱡ' | 'ꝇ' | 'ꝉ' | 'ꝲ' => {
            "l"
        }
        'ỻ' => "ll",
        'ʪ' => "ls",
        'ʫ' => "lz",
        'ɱ' | 'ᴍ' | 'ᵯ' | 'ᶆ' | 'ꝳ' => "m",
        'ŋ' | 'ƞ' | 'ȵ' | 'ɲ' | 'ɳ' | 'ɴ' | 'ᵰ' | 'ᶇ' | 'ꝴ' | 'ꞑ' | 'ꞥ' => "n",
        'ø' | 'ɔ' | 'ɵ' | 'ᴏ' | 'ⱺ' | 'ꝋ' | 'ꝍ' => "o",
        'œ' | 'ɶ' => "oe",
        'ƣ' => "oi",
        'ꝏ' => "oo",
        'ƥ' | 'ᴘ' | 'ᵱ' | 'ᵽ' | 'ᶈ' | 'ꝑ' | 'ꝓ' | 'ꝕ' => "p",
        'ĸ' | 'ʠ' | 'ꝗ' | 'ꝙ' => "q",
        'ȹ' => "qp",
        'ɍ' | 'ɼ' | 'ɽ' | 'ɾ' | 'ʀ' | 'ᵲ' | 'ᵳ' | 'ᶉ' | 'ꝵ' | 'ꝶ' | 'ꞧ' => "r",
        'ȿ' | 'ʂ' | 'ᵴ' | 'ᶊ' | 'ẜ' | 'ẝ' | 'ꜱ' | 'ꞩ' => "s",
        'ŧ' | 'ƫ' | 'ƭ' | 'ȶ' | 'ʈ' | 'ᴛ' | 'ᵵ' | 'ⱦ' | 'ꝷ' | 'ꞇ' => "t",
        'þ' | 'ᵺ' | 'ꝥ' | 'ꝧ' => "th",
        'ʦ' => "ts",
        'ʉ' | 'ʊ' | 'ᴜ' | 'ᵾ' | 'ᶙ' => "u",
        'ᵫ' => "ue",
        'ʋ' | 'ᴠ' | 'ᶌ' | 'ỽ' | 'ⱱ' | 'ⱴ' | 'ꝟ' => "v",
        'ꝡ' => "vy",
        'ᴡ' | 'ⱳ' => "w",
        'ᶍ' => "x",
        'ƴ' | 'ɏ' | 'ʏ' | 'ỿ' => "y",
        'ƶ' | 'ȥ' | 'ɀ' | 'ʐ' | 'ʑ' | 'ʒ' | 'ᴢ' | 'ᵶ' | 'ᶎ' | 'ⱬ' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use unicode_normalization::char::decompose_canonical;

    use super::super::characters::{all, fold_case};
    use super::*;

    #[test]
    fn letters_are_lower_case_and_decomposed_and_become_ascii() {
        let letters = all().filter_map(|c| Some((c, ascii_letters(c)?)));
        let mut count = 0;
        for (c, ascii) in letters {
            let mut parts = Vec::new();
            decompose_canonical(c, |part| parts.push(part));
            assert_eq!(parts, [c]);
            let is_folded = fold_case(c.encode_utf8(&mut [0; 4])) == c.to_string();
            assert!(is_folded, "{c}");
            assert!(ascii.bytes().all(|byte| byte.is_ascii_lowercase()), "{c}");
            count += 1;
        }
        assert!(count > 200, "{count}");
    }
}
