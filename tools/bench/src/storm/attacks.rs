//! The worst requests that are known. Each is a change of a function's usual request.

use serde_json::{Map, Value, json};
use shared::testing::Event;

use crate::functions::instructions::HASHES;

/// The largest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The longest password that is judged.
const MAX_PASSWORD: usize = 128;

/// Every symbol that may stand for several letters.
const SYMBOLS: &str = "4@8({[<69!1|0$5+7%2";

/// A change of a usual request.
pub struct Attack {
    /// Whether a function can be attacked so.
    pub applies: fn(&str) -> bool,
    /// Whether it is a password that takes long to judge, so that processor time does not tell the number of hashes.
    pub judges_password: bool,
    pub change: fn(Event) -> Event,
}

pub const ATTACKS: [Attack; 9] = [
    // The usual request, with the largest page.
    Attack { applies: any, judges_password: false, change: |event| event },
    Attack {
        applies: is_list,
        judges_password: false,
        change: |event| event.query(&[("limit", "100")]),
    },
    Attack {
        applies: is_list,
        judges_password: false,
        change: |event| event.query(&[("search", longest_search().as_str())]),
    },
    Attack {
        applies: is_list,
        judges_password: false,
        change: |event| event.query(&[("cursor", "A".repeat(2048).as_str())]),
    },
    // The largest bodies: a list within lists, fields that do not exist, one long text in each field.
    Attack { applies: any, judges_password: false, change: |event| event.text(&deepest()) },
    Attack { applies: any, judges_password: false, change: |event| event.text(&most_fields()) },
    Attack { applies: any, judges_password: false, change: long_texts },
    // Passwords that take the longest to judge.
    Attack {
        applies: hashes,
        judges_password: true,
        change: |event| with_password(event, &cycled(SYMBOLS)),
    },
    Attack {
        applies: hashes,
        judges_password: true,
        change: |event| with_password(event, &cycled("password1qwerty")),
    },
];

fn any(_name: &str) -> bool {
    true
}

fn is_list(name: &str) -> bool {
    name.ends_with("-list")
}

fn hashes(name: &str) -> bool {
    HASHES.contains(&name)
}

/// Returns as many short words as a search may have.
fn longest_search() -> String {
    "ab ".repeat(66)
}

/// Returns the deepest JSON that is parsed, many times in one body.
fn deepest() -> String {
    let (open, close) = ("[".repeat(120), "]".repeat(120));
    let nested = format!("{open}{close},");
    let count = (MAX_BODY - 16) / nested.len();
    format!("{{\"a\":[{}0]}}", nested.repeat(count))
}

/// Returns a body with as many fields as fit. Each of them is an error.
fn most_fields() -> String {
    let mut fields = Map::new();
    let mut length = 2;
    for n in 0_usize.. {
        let name = format!("{n:x}");
        // The quotes, the colon, the value and the comma.
        length += name.len() + 5;
        if length > MAX_BODY {
            break;
        }
        fields.insert(name, json!(0));
    }
    Value::Object(fields).to_string()
}

/// Returns the event with long text of many marks in each of the body's fields.
fn long_texts(event: Event) -> Event {
    let body = event.clone().into_json();
    let body = body.get("body").and_then(Value::as_str).unwrap_or("{}");
    let Ok(Value::Object(mut body)) = serde_json::from_str(body) else { return event };
    let chars = (MAX_BODY - 1024) / body.len().max(1) / "a\u{301}".len();
    for value in body.values_mut() {
        *value = Value::from("a\u{301}".repeat(chars));
    }
    event.text(&Value::Object(body).to_string())
}

/// Returns the event with this as every password that its body has.
fn with_password(event: Event, password: &str) -> Event {
    let body = event.clone().into_json();
    let body = body.get("body").and_then(Value::as_str).unwrap_or("{}");
    let Ok(Value::Object(mut body)) = serde_json::from_str(body) else { return event };
    for (name, value) in &mut body {
        // The current password stays right, so that the function continues to the new one.
        if name.contains("password") && name != "current_password" {
            *value = Value::from(password);
        }
    }
    event.text(&Value::Object(body).to_string())
}

/// Returns a password of the maximum length that repeats this text.
fn cycled(text: &str) -> String {
    text.chars().cycle().take(MAX_PASSWORD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_fill_the_limit_and_are_json() {
        for body in [deepest(), most_fields()] {
            assert!((MAX_BODY - 1024..=MAX_BODY).contains(&body.len()), "{}", body.len());
            assert!(serde_json::from_str::<Value>(&body).is_ok());
        }
        let login = long_texts(Event::of("auth-login")).into_json();
        assert!(login["body"].as_str().unwrap().len() <= MAX_BODY);
    }

    #[test]
    fn password_is_replaced() {
        let event = with_password(Event::of("auth-register"), &cycled(SYMBOLS)).into_json();
        assert!(event["body"].as_str().unwrap().contains("4@8({[<69!1|0$5+7%24@8("));
    }
}
