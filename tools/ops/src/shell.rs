//! Commands as a person types them.

/// Returns the text as one word of a shell's command.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._:-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_word() {
        assert_eq!(shell_word(".local/functions.env"), ".local/functions.env");
        assert_eq!(shell_word("http://127.0.0.1:8001"), "http://127.0.0.1:8001");
        assert_eq!(shell_word("/my files/o'brien"), r"'/my files/o'\''brien'");
        assert_eq!(shell_word(""), "''");
    }
}
