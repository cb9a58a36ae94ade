//! Random input: valid input with changes, and input without any form.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use shared::model::field::JsonObject;

/// No text is longer: some more characters than a body may have bytes.
const MAX_CHARS: usize = 70_000;

/// Parts of text that parsers treat specially.
const PIECES: &[&str] = &[
    "\0",
    "\t",
    "\n",
    "\r\n",
    " ",
    "\u{a0}",
    "\u{ad}",
    "\u{300}",
    "\u{301}",
    "\u{345}",
    "\u{640}",
    "\u{661}",
    "\u{966}",
    "\u{94d}",
    "\u{f71}\u{f72}",
    "\u{1f80}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2066}",
    "\u{3099}",
    "\u{3164}",
    "\u{fb03}",
    "\u{fdfa}",
    "\u{feff}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{1d7d8}",
    "\u{1f468}\u{200d}\u{1f469}",
    "\u{e0001}",
    "\u{10ffff}",
    "ß",
    "İ",
    "ı",
    "а",
    "π",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    "[[[[[[[[",
    "{\"a\":",
    ",",
    ":",
    ";ext=",
    "(0)",
    "+",
    "-",
    "_",
    ".",
    "=",
    "/",
    "%00",
    "%ff",
    "|",
    "@",
    "xn--",
    "W/\"1\"",
    "*",
    "0",
    "-1",
    "1e400",
    "9007199254740992",
    "1985-02-30",
    "null",
    "Bearer ",
    "gzip",
];

/// A change of a text. Positions are counted modulo its length.
#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, String),
    Remove(usize, usize),
    /// Repeats a few characters at this position this many times.
    Repeat(usize, usize, usize),
}

/// A change of an object. Fields are counted modulo their number.
#[derive(Debug, Clone)]
enum Change {
    Remove,
    Set(Value),
    Edit(Vec<Edit>),
    Add(String, Value),
}

/// Returns these texts with changes, and texts without any form.
pub fn text<T: Into<String>>(seeds: impl IntoIterator<Item = T>) -> BoxedStrategy<String> {
    let seeds: Vec<String> = seeds.into_iter().map(Into::into).collect();
    let changed = (select(seeds), vec(edit(), 0..6));
    prop_oneof![
        8 => changed.prop_map(|(seed, edits)| edited(&seed, &edits)),
        1 => vec(piece(), 0..40).prop_map(|pieces| pieces.concat()),
        1 => vec(any::<u8>(), 0..300).prop_map(|it| String::from_utf8_lossy(&it).into_owned()),
    ]
    .boxed()
}

/// Returns these objects with changes.
pub fn object(seeds: impl IntoIterator<Item = Value>) -> BoxedStrategy<JsonObject> {
    let seeds: Vec<JsonObject> =
        seeds.into_iter().map(|seed| seed.as_object().expect("an object").clone()).collect();
    let changes = vec((any::<usize>(), change()), 0..5);
    (select(seeds), changes)
        .prop_map(|(mut object, changes)| {
            for (at, change) in changes {
                apply(&mut object, at, change);
            }
            object
        })
        .boxed()
}

/// Returns bodies: these objects with changes of their fields or of their text.
pub fn body(seeds: impl IntoIterator<Item = Value>) -> BoxedStrategy<String> {
    let seeds: Vec<Value> = seeds.into_iter().collect();
    let texts: Vec<String> = seeds.iter().map(Value::to_string).collect();
    let objects = object(seeds).prop_map(|object| Value::Object(object).to_string());
    prop_oneof![3 => objects, 2 => text(texts)].boxed()
}

/// Returns any JSON.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        piece().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let members = vec((piece(), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(PIECES).prop_map(str::to_owned),
        2 => any::<char>().prop_map(String::from),
        1 => "[a-zA-Z0-9 ]{0,12}",
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let (at, few) = (any::<usize>(), 1..6_usize);
    prop_oneof![
        4 => (at, piece()).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        2 => (at, few.clone()).prop_map(|(at, count)| Edit::Remove(at, count)),
        1 => (at, few, 1..12_000_usize).prop_map(|(at, count, times)| Edit::Repeat(at, count, times)),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => Just(Change::Remove),
        3 => json().prop_map(Change::Set),
        5 => vec(edit(), 1..4).prop_map(Change::Edit),
        1 => (piece(), json()).prop_map(|(name, value)| Change::Add(name, value)),
    ]
}

fn edited(seed: &str, edits: &[Edit]) -> String {
    let mut text: Vec<char> = seed.chars().collect();
    for edit in edits {
        let len = text.len();
        match edit {
            Edit::Insert(at, piece) => {
                let at = at % (len + 1);
                drop(text.splice(at..at, piece.chars()));
            }
            Edit::Remove(at, count) => {
                let at = at % (len + 1);
                drop(text.drain(at..(at + count).min(len)));
            }
            Edit::Repeat(at, count, times) => {
                let at = at % (len + 1);
                let part = text[at..(at + count).min(len)].to_vec();
                drop(text.splice(at..at, part.repeat(*times)));
            }
        }
        text.truncate(MAX_CHARS);
    }
    text.into_iter().collect()
}

fn apply(object: &mut JsonObject, at: usize, change: Change) {
    if let Change::Add(name, value) = change {
        object.insert(name, value);
        return;
    }
    let index = at % object.len().max(1);
    let Some(name) = object.keys().nth(index).cloned() else { return };
    match change {
        Change::Remove => drop(object.remove(&name)),
        Change::Set(value) => drop(object.insert(name, value)),
        Change::Edit(edits) => match object.get_mut(&name) {
            Some(Value::String(text)) => *text = edited(text, &edits),
            // A list or an object: its text with changes, if that is still JSON.
            Some(value) => {
                if let Ok(changed) = serde_json::from_str(&edited(&value.to_string(), &edits)) {
                    *value = changed;
                }
            }
            None => {}
        },
        Change::Add(..) => {}
    }
}
