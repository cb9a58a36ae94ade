//! The README's commands, executed as they are printed.
//!
//! They are the ```` ```sh ```` blocks that directly follow a mark, `<!-- walk-through -->` or
//! `<!-- invoke -->`, run in order by one `bash -euo pipefail`; only the port is another. A line
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

use repo::cargo::command;
use serde_json::{Deserializer, Value};

use crate::json::contains;
use crate::stack;

const PRINTED_PORT: &str = "8000";
const EXPECTED: &str = "# =>";
/// Printed by the script where an expectation stood.
const CUT: &str = "--- expectation ---";

#[test]
fn the_walk_through_works_as_printed() {
    if Command::new("curl").arg("--version").output().is_err() {
        // The tests need nothing but Rust and Python; seed.rs makes the same calls without curl.
        eprintln!("skipped: the README's walk-through needs curl, which is not installed");
        return;
    }
    works_as_printed("<!-- walk-through -->");
}

#[test]
fn a_function_is_invoked_as_printed() {
    works_as_printed("<!-- invoke -->");
}

fn works_as_printed(mark: &str) {
    if !stack::is_own() {
        eprintln!("skipped: the README speaks of a stack on one's own machine, and a fresh one");
        return;
    }
    let readme = fs::read_to_string(format!("{}/README.md", stack::ROOT)).unwrap();
    let printed = blocks(&readme, mark);
    assert!(!printed.is_empty(), "the README has no {mark}");
    let (_, port) = stack::url().rsplit_once(':').expect("a URL with a port");
    let (script, expectations) = prepare(&printed.replace(PRINTED_PORT, port));
    assert!(!expectations.is_empty(), "the README says nothing of what {mark} prints");

    let mut bash = command("bash");
    bash.args(["-euo", "pipefail", "-c", script.as_str()])
        .current_dir(stack::ROOT)
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    let run = bash.output().expect("the README's commands need bash");
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
fn blocks(readme: &str, mark: &str) -> String {
    readme
        .split(mark)
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
