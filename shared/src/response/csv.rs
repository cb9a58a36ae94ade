//! Lists as CSV (RFC 4180), for spreadsheets.

use lambda_http::http::{HeaderMap, header};

use crate::access::View;
use crate::store::TrailEntry;

/// The media type, with what RFC 4180 says about the first line.
pub const MEDIA_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// A result of a list that can be a row of CSV.
pub trait CsvRow {
    /// The names of the columns, which are those of the attributes in JSON.
    const COLUMNS: &'static [&'static str];

    /// Returns the values of the columns. An absent value is empty.
    fn values(&self) -> Vec<String>;
}

impl CsvRow for TrailEntry {
    const COLUMNS: &'static [&'static str] = &[
        "at",
        "actor",
        "operation",
        "basis",
        "outcome",
        "fields",
        "patients",
        "doctors",
        "accounts",
        "address",
        "session_id",
        "request_id",
        "chain",
        "seq",
        "other_bases",
        "object",
    ];

    fn values(&self) -> Vec<String> {
        vec![
            self.at.to_string(),
            text(self.actor),
            self.operation.to_string(),
            text(self.basis.as_ref()),
            self.outcome.to_string(),
            listed(&self.fields),
            listed(&self.patients),
            listed(&self.doctors),
            listed(&self.accounts),
            text(self.address.as_ref()),
            text(self.session_id.as_ref()),
            text(self.request_id.as_ref()),
            self.chain.clone(),
            self.seq.to_string(),
            listed(self.other_bases.iter().flat_map(|(basis, patients)| {
                patients.iter().map(move |patient| format!("{basis}:{patient}"))
            })),
            text(self.object.as_ref()),
        ]
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Returns all values in one column, between blanks.
fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ")
}

/// Returns the rows with a header, without the columns that the caller may not see.
pub fn table<T: CsvRow>(rows: &[T], view: View) -> String {
    let is_shown: Vec<bool> = T::COLUMNS.iter().map(|name| !view.hides(name)).collect();
    let mut table = String::new();
    let header: Vec<String> = T::COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    let lines = std::iter::once(header).chain(rows.iter().map(CsvRow::values));
    for values in lines {
        let shown = values.iter().zip(&is_shown).filter(|(_, is_shown)| **is_shown);
        let line: Vec<String> = shown.map(|(value, _)| field(value)).collect();
        table.push_str(&line.join(","));
        table.push_str("\r\n");
    }
    table
}

/// Returns a value as a field. Spreadsheets run a value that begins like a formula; an apostrophe makes it a text.
fn field(value: &str) -> String {
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let value = if is_formula { format!("'{value}") } else { value.to_owned() };
    if value.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value
    }
}

/// Whether a client prefers CSV to JSON: `Accept` names `text/csv` with a higher quality (RFC 9110, 12.5.1).
pub fn is_preferred(headers: &HeaderMap) -> bool {
    let (mut csv, mut json) = (0.0_f32, 0.0_f32);
    for line in headers.get_all(header::ACCEPT) {
        for range in line.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            let quality = quality.map_or(Some(1.0), |text| text.parse().ok());
            let quality: f32 = quality.unwrap_or_default();
            if media_type.eq_ignore_ascii_case("text/csv") {
                csv = csv.max(quality);
            } else if media_type.eq_ignore_ascii_case("application/json") {
                json = json.max(quality);
            }
        }
    }
    csv > json
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    #[test]
    fn value_is_quoted_if_it_has_a_special_character() {
        for (value, expected) in [
            ("", ""),
            ("read", "read"),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
            ("a\rb", "\"a\rb\""),
        ] {
            assert_eq!(field(value), expected, "{value:?}");
        }
    }

    #[test]
    fn value_is_never_a_formula() {
        for (value, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-x_9", "'-x_9"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\tx", "'\tx"),
            ("=a,\"b\"", "\"'=a,\"\"b\"\"\""),
            ("x=1", "x=1"),
        ] {
            assert_eq!(field(value), expected, "{value:?}");
        }
    }

    #[test]
    fn csv_must_be_preferred() {
        for (accept, expected) in [
            ("text/csv", true),
            ("Text/CSV; charset=utf-8", true),
            ("text/csv, application/json;q=0.5", true),
            ("text/csv, */*;q=0.1", true),
            ("text/csv;q=0.5, application/json", false),
            ("application/json, text/csv", false),
            ("text/csv;q=0", false),
            ("text/csv;q=high", false),
            ("text/*", false),
            ("*/*", false),
            ("", false),
        ] {
            let accept_header = (header::ACCEPT, HeaderValue::from_static(accept));
            let headers = HeaderMap::from_iter([accept_header]);
            assert_eq!(is_preferred(&headers), expected, "{accept}");
        }
        assert!(!is_preferred(&HeaderMap::new()));
    }

    #[test]
    fn absent_and_hidden_columns() {
        struct Row;
        impl CsvRow for Row {
            const COLUMNS: &'static [&'static str] = &["a", "b"];
            fn values(&self) -> Vec<String> {
                vec!["1".to_owned(), String::new()]
            }
        }
        assert_eq!(table(&[Row, Row], View::for_test(&[])), "a,b\r\n1,\r\n1,\r\n");
        assert_eq!(table(&[Row], View::for_test(&["a"])), "b\r\n\r\n");
        assert_eq!(table::<Row>(&[], View::for_test(&[])), "a,b\r\n");
    }
}
