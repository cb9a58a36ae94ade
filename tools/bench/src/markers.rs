//! Generated parts of a document: the text between `<!-- name -->` and `<!-- /name -->`.

use std::fs;

use ops::{Result, ui};
use repo::root::repository;

/// The document with the results of most measurements.
const DOCUMENT: &str = "docs/performance.md";

/// Replaces the text between the markers of this name in docs/performance.md.
pub fn write(name: &str, content: &str) -> Result {
    write_to(DOCUMENT, name, content)
}

/// Replaces the text between the markers of this name in a document.
pub fn write_to(document: &str, name: &str, content: &str) -> Result {
    let path = repository().join(document);
    let text = fs::read_to_string(&path).map_err(|error| format!("{document}: {error}"))?;
    let text = replaced(&text, name, content)
        .ok_or_else(|| format!("{document} has no <!-- {name} --> … <!-- /{name} -->"))?;
    fs::write(&path, text).map_err(|error| format!("{document}: {error}"))?;
    ui::status("Writing", document);
    Ok(())
}

fn replaced(text: &str, name: &str, content: &str) -> Option<String> {
    let (opening, closing) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&opening)?;
    let (_, after) = rest.split_once(&closing)?;
    Some(format!("{before}{opening}\n{}\n{closing}{after}", content.trim()))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn text_around_the_markers_is_unchanged() {
        let text = "# A\n\n<!-- b -->\nold\n<!-- /b -->\n\n<!-- c -->\nc\n<!-- /c -->\n";
        let expected = "# A\n\n<!-- b -->\nnew\nlines\n<!-- /b -->\n\n<!-- c -->\nc\n<!-- /c -->\n";
        assert_eq!(replaced(text, "b", "\nnew\nlines\n").unwrap(), expected);
    }

    #[test]
    fn without_both_markers_nothing_is_replaced() {
        assert_eq!(replaced("<!-- b -->\n", "b", "new"), None);
        assert_eq!(replaced("", "b", "new"), None);
    }
}
