//! JSON in which no object has a key twice. `serde_json` would keep the last value silently, and another reader of the
//! same body the first (RFC 8259, 4).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

/// Why a text was refused. The display is for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("The request body is not valid JSON (line {line}, column {column}).")]
    Syntax { line: usize, column: usize },
    #[error("The request body has a field twice (line {line}, column {column}).")]
    Twice { line: usize, column: usize },
}

/// Parses a JSON text.
pub fn parse(text: &[u8]) -> Result<Value, Malformed> {
    // Some programs begin every text with a byte order mark (RFC 8259, 8.1).
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Strict.deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            // The visitor accepts every kind of value, so this is its own error.
            Category::Data => Malformed::Twice { line, column },
            Category::Syntax | Category::Eof | Category::Io => Malformed::Syntax { line, column },
        }
    })
}

/// Reads any value.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom("a field twice"));
            }
            let value = fields.next_value_seed(Self)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_read_as_serde_json_reads_it() {
        for text in [
            "null",
            "true",
            "0",
            "-7",
            "18446744073709551615",
            "1.5",
            "1e3",
            "\"a\\u00e9\\n\"",
            "[]",
            "[1, [null], {}]",
            r#" {"a": {"b": [1, {"a": 2}]}, "b": "a", "c": {"b": null}} "#,
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn field_twice_is_refused_at_every_depth() {
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"{"a": {"b": 1, "b": 2}}"#,
            r#"{"a": [{"b": 1, "c": 2, "b": null}]}"#,
            r#"[{"a": 1, "a": 1}]"#,
        ] {
            let refused = parse(text.as_bytes());
            assert!(
                matches!(refused, Err(Malformed::Twice { line: 1, .. })),
                "{text}: {refused:?}"
            );
        }
        let refused = parse(b"{\n\"a\": 1,\n\"a\": 2}");
        assert!(matches!(refused, Err(Malformed::Twice { line: 3, .. })), "{refused:?}");
    }

    #[test]
    fn text_that_is_not_json_is_refused() {
        let deep = "[".repeat(200);
        for text in ["", "{", "{}{}", "{'a': 1}", "1e400", "\"\u{1}\"", &deep] {
            let refused = parse(text.as_bytes());
            assert!(matches!(refused, Err(Malformed::Syntax { .. })), "{text}: {refused:?}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }
}
