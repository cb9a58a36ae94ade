//! Runs the README's commands as printed.
//!
//! These are the ```` ```sh ```` blocks directly after a mark, `<!-- walk-through -->` or `<!-- invoke -->`. One
//! `bash -euo pipefail` runs them in order, with only the port replaced. A line
//!
//! ```sh
//! # => {"token_type": "Bearer", "access": "…"}
//! ```
//!
//! is an expectation: the commands since the previous such line print JSON, and its last value contains this. Objects
//! may have more members, lists more elements, and `…` matches any value. Tests run at the same time on the same stack,
//! so the walk-through must take ids from responses.

use std::fs;
use std::process::Command;

use repo::cargo::command;
use repo::root::repository;
use serde_json::{Deserializer, Value};

use crate::json::contains;
use crate::stack;

const PRINTED_PORT: &str = "8000";
const EXPECTED: &str = "# =>";
/// The script prints this in place of an expectation.
const CUT: &str = "--- expectation ---";

#[test]
fn walk_through_works_as_printed() {
    if Command::new("curl").arg("--version").output().is_err() {
        // The tests need only Rust and Python; seed.rs makes the same calls without curl.
        eprintln!("skipped: the README's walk-through needs curl, which is not installed");
        return;
    }
    assert_works_as_printed("<!-- walk-through -->");
}

#[test]
fn invoke_command_works_as_printed() {
    assert_works_as_printed("<!-- invoke -->");
}

fn assert_works_as_printed(mark: &str) {
    if !stack::is_own() {
        eprintln!("skipped: the README's commands need a new stack on this machine");
        return;
    }
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let printed = blocks(&readme, mark);
    assert!(!printed.is_empty(), "the README has no {mark}");
    let (_, port) = stack::url().rsplit_once(':').expect("the URL has no port");
    let (script, expectations) = prepare(&printed.replace(PRINTED_PORT, port));
    assert!(!expectations.is_empty(), "the README has no expectation after {mark}");

    let mut bash = command("bash");
    bash.args(["-euo", "pipefail", "-c", script.as_str()])
        .current_dir(repository())
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    let run = bash.output().expect("cannot run bash");
    let output = String::from_utf8_lossy(&run.stdout);
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{}:\n{output}\n{errors}", run.status);
    for (expected, answer) in expectations.iter().zip(output.split(CUT)) {
        let actual = last_json(answer);
        assert!(
            actual.as_ref().is_some_and(|actual| contains(actual, expected)),
            "the README expects\n{expected}\nbut the API returned\n{answer}"
        );
    }
}

/// Returns the marked blocks, joined.
fn blocks(readme: &str, mark: &str) -> String {
    readme
        .split(mark)
        .skip(1)
        .map(|after| {
            let block = after.trim_start().strip_prefix("```sh\n");
            let block = block.expect("no ```sh block directly after the mark");
            let (commands, _) = block.split_once("```").expect("the block does not end");
            commands
        })
        .collect()
}

/// Returns the script, which prints [`CUT`] for each expectation, and the expectations.
fn prepare(printed: &str) -> (String, Vec<Value>) {
    let mut script = String::new();
    let mut expectations = Vec::new();
    for line in printed.lines() {
        if let Some(expected) = line.strip_prefix(EXPECTED) {
            let expected = serde_json::from_str(expected)
                .unwrap_or_else(|error| panic!("{line} is not JSON: {error}"));
            expectations.push(expected);
            script.push_str(&format!("echo '{CUT}'\n"));
        } else {
            script.push_str(line);
            script.push('\n');
        }
    }
    (script, expectations)
}

/// Returns the last JSON value of the text. The values begin at the first brace, or at the start if there is none.
fn last_json(text: &str) -> Option<Value> {
    let start = text.find('{').unwrap_or(0);
    Deserializer::from_str(&text[start..]).into_iter().map_while(Result::ok).last()
}
