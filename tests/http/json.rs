//! Compares and changes JSON values.

use serde_json::Value;

/// Returns whether `actual` contains `expected`: objects may have more members and lists more elements, and the text
/// `…` matches any value.
pub fn contains(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (_, Value::String(text)) if text == "…" => true,
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(name, expected)| {
                actual.get(name).is_some_and(|actual| contains(actual, expected))
            })
        }
        (Value::Array(actual), Value::Array(expected)) => {
            expected.len() <= actual.len()
                && actual.iter().zip(expected).all(|(actual, expected)| contains(actual, expected))
        }
        _ => actual == expected,
    }
}

#[track_caller]
pub fn assert_contains(actual: &Value, expected: &Value) {
    assert!(contains(actual, expected), "{expected}\nin\n{actual}");
}

/// Returns `object` with `member` set.
pub fn with(object: &Value, member: &str, value: impl Into<Value>) -> Value {
    let mut object = object.clone();
    object[member] = value.into();
    object
}

/// Returns `object` without `member`.
pub fn without(object: &Value, member: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove(member);
    object
}

/// Returns the names of an object's members, sorted.
pub fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
