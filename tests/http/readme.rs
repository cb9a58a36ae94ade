//! The README's walk-through, executed as it is printed.
//!
//! It is every ```` ```sh ```` block that directly follows a line `<!-- walk-through -->`, run in
//! order by one `bash -euo pipefail`; only the base URL is another. A line
//!
//! ```sh
//! # => {"token_type": "Bearer", "access": "…"}
//! ```
//!
//! says that the commands since the last such line printed JSON, and that the last value of it holds
//! at least this: objects may have more members, lists more elements, and `…` stands for anything.
//! Since the stack has other users, the walk-through takes ids from answers and does not guess them.

use std::fs;
use std::process::Command;

use serde_json::{Deserializer, Value};

use crate::json::contains;
use crate::stack;

const MARK: &str = "<!-- walk-through -->";
const PRINTED_URL: &str = "http://127.0.0.1:8000";
const EXPECTED: &str = "# =>";
/// Printed by the script where an expectation stood.
const CUT: &str = "--- expectation ---";

#[test]
fn the_walk_through_works_as_printed() {
    if !stack::is_own() {
        eprintln!("skipped: the README speaks of a stack on one's own machine, and a fresh one");
        return;
    }
    assert!(
        Command::new("curl").arg("--version").output().is_ok(),
        "the README's walk-through needs curl, and curl is not installed"
    );

    let readme = fs::read_to_string(format!("{}/README.md", stack::ROOT)).unwrap();
    let printed = walk_through(&readme);
    assert!(!printed.is_empty(), "the README has no {MARK}");

    let (script, expectations) = prepare(&printed.replace(PRINTED_URL, stack::url()));
    let run = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script.as_str()])
        .current_dir(stack::ROOT)
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .output()
        .expect("the README's walk-through needs bash");
    let output = String::from_utf8_lossy(&run.stdout);
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{}:\n{output}\n{complaints}", run.status);

    for (expected, answer) in expectations.iter().zip(output.split(CUT)) {
        let actual = last_json(answer);
        assert!(
            actual.as_ref().is_some_and(|actual| contains(actual, expected)),
            "the README says\n{expected}\nand the API\n{answer}"
        );
    }
}

/// The marked blocks, one after another.
fn walk_through(readme: &str) -> String {
    readme
        .split(MARK)
        .skip(1)
        .map(|after| {
            let block = after.trim_start().strip_prefix("```sh\n");
            let block = block.expect("a ```sh block directly follows the mark");
            let (commands, _) = block.split_once("```").expect("the block has an end");
            commands
        })
        .collect()
}

/// The script, with a cut for each expectation, and the expectations.
fn prepare(printed: &str) -> (String, Vec<Value>) {
    let mut script = String::new();
    let mut expectations = Vec::new();
    for line in printed.lines() {
        if let Some(expected) = line.strip_prefix(EXPECTED) {
            let expected = serde_json::from_str(expected)
                .unwrap_or_else(|error| panic!("{line} is no JSON: {error}"));
            expectations.push(expected);
            script.push_str(&format!("echo '{CUT}'\n"));
        } else {
            script.push_str(line);
            script.push('\n');
        }
    }
    (script, expectations)
}

/// The last of the JSON values that begin at the first brace; without a brace, all of the text.
fn last_json(text: &str) -> Option<Value> {
    let start = text.find('{').unwrap_or(0);
    Deserializer::from_str(&text[start..]).into_iter().map_while(Result::ok).last()
}
