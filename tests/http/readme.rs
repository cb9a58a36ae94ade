//! Runs the README's commands as printed.
//!
//! These are the ```` ```sh ```` blocks directly after a mark, such as `<!-- walk-through -->`. One
//! `bash -euo pipefail` for each mark runs them in order, with only ports and the data folder replaced. A line
//!
//! ```sh
//! # => {"token_type": "Bearer", "access": "…"}
//! ```
//!
//! is an expectation: the commands since the previous such line print JSON, and its last value contains this. Objects
//! may have more members, lists more elements, and `…` matches any value. Tests run at the same time on the same stack,
//! so the walk-through must take ids from responses.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use repo::cargo::command;
use repo::root::repository;
use serde_json::{Deserializer, Value};

use crate::client::User;
use crate::json::contains;
use crate::stack;

const PRINTED_PORT: &str = "8000";
/// In the README, cargo-lambda has its default port.
const PRINTED_ADDRESS: &str = "--invoke-address 127.0.0.1";
const PRINTED_DATA: &str = ".local";
const EXPECTED: &str = "# =>";
/// The script prints this in place of an expectation.
const CUT: &str = "--- expectation ---";

const POLL: Duration = Duration::from_millis(100);
/// The time that a command in the background may take to be ready.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn walk_through_works_as_printed() {
    if Command::new("curl").arg("--version").output().is_err() {
        // The tests need only Rust and Python; seed.rs makes the same calls without curl.
        eprintln!("skipped: the README's walk-through needs curl, which is not installed");
        return;
    }
    if !is_runnable() {
        return;
    }
    let walk_through = printed("<!-- walk-through -->");
    let commands = walk_through + &promotion("amara") + &printed("<!-- doctor -->");
    assert_meets_its_expectations(&at_own_port(&commands));
}

/// Returns commands that make an account an administrator. On new data the first account is one. On the tests' stack
/// that is another account.
fn promotion(username: &str) -> String {
    let User { access, .. } = User::admin().expect("the tests' own stack has an administrator");
    format!(
        r#"
ADMIN="Authorization: Bearer {access}"
USER_ID=$(curl -s "$API/api/users/?search={username}&limit=1" -H "$ADMIN" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["results"][0]["id"])')
curl -sf -X PATCH $API/api/users/$USER_ID/ -H "$ADMIN" -H "$JSON" -d '{{"role": "admin"}}' > /dev/null
"#
    )
}

#[test]
fn invoke_command_works_as_printed() {
    assert_works_as_printed("<!-- invoke -->");
}

#[test]
fn cargo_lambda_without_cargo_dev_works_as_printed() {
    if !stack::is_own() {
        eprintln!("skipped: the README's commands need this machine's own stack");
        return;
    }
    // It builds all functions, so that `cargo lambda watch` need not build them.
    stack::url();
    let data = new_data_folder();
    // As `cargo dev` prints it.
    let shown = data.strip_prefix(repository().canonicalize().unwrap()).unwrap_or(&data);
    let shown = shown.to_str().expect("a path in UTF-8");

    let tables = printed("<!-- tables -->");
    let tables = format!("{} --in-memory --data {shown}", tables.trim_end());
    let tables = Background::start(&tables, &data.join("tables.output"));
    let watch = printed("<!-- watch -->").replace(PRINTED_DATA, shown);
    let line = tables.wait_for(|output| {
        // A line that has no end yet may be incomplete.
        let (lines, _) = output.rsplit_once('\n')?;
        lines.lines().find(|line| line.starts_with("cargo lambda watch ")).map(str::to_owned)
    });
    assert!(watch.lines().any(|it| it == line), "`cargo dev` prints\n{line}\ninstead of\n{watch}");

    let port = free_port();
    let address = format!("{PRINTED_ADDRESS} --invoke-port {port}");
    let watch = watch.replace(PRINTED_ADDRESS, &address);
    let watch = Background::start(&watch, &data.join("watch.output"));
    watch.wait_for(|_| TcpStream::connect(("127.0.0.1", port)).ok());
    let call = printed("<!-- call -->");
    assert_meets_its_expectations(&call.replace(PRINTED_ADDRESS, &address));

    drop(watch);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "`cargo lambda watch` still runs");
    drop(tables);
    assert!(!data.join("functions.env").exists(), "the file with the token secret is still there");
}

/// Creates an empty folder and returns its path without symbolic links.
fn new_data_folder() -> PathBuf {
    let folder = stack::scratch("watch");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

/// Returns a port that no process uses at the moment.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Commands that run until this is dropped, or until this process ends, even if it is killed.
struct Background {
    bash: Child,
    output: PathBuf,
}

impl Background {
    /// Starts the commands. Their output goes to the file.
    fn start(commands: &str, output: &Path) -> Self {
        // At the end of stdin, bash sends SIGTERM to the group. It and the `cat` behind the pipe ignore the signal. This
        // `cat` ends when no process is left that can write to it: when the commands and their children have ended.
        let script = format!(
            "{{\n{commands}\n}} < /dev/null 2>&1 | (trap '' TERM; exec cat) &
            cat > /dev/null
            trap '' TERM
            kill 0
            wait"
        );
        let file = File::create(output).unwrap();
        let bash = bash(&script).process_group(0).stdin(Stdio::piped()).stdout(file).spawn();
        Self { bash: bash.expect("cannot run bash"), output: output.to_owned() }
    }

    /// Waits until the condition, which gets the commands' output, returns a value.
    fn wait_for<T>(&self, mut condition: impl FnMut(&str) -> Option<T>) -> T {
        let mut waited = Duration::ZERO;
        loop {
            let output = fs::read(&self.output).unwrap();
            let output = String::from_utf8_lossy(&output);
            if let Some(it) = condition(&output) {
                return it;
            }
            assert!(waited < PATIENCE, "not ready after {} s:\n{output}", PATIENCE.as_secs());
            sleep(POLL);
            waited += POLL;
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.bash.stdin.take());
        let _ = self.bash.wait();
    }
}

fn assert_works_as_printed(mark: &str) {
    if is_runnable() {
        assert_meets_its_expectations(&at_own_port(&printed(mark)));
    }
}

/// Returns whether there is a stack for the README's commands.
fn is_runnable() -> bool {
    let is_own = stack::is_own();
    if !is_own {
        eprintln!("skipped: the README's commands need a new stack on this machine");
    }
    is_own
}

/// Returns the commands with the port of the tests' own stack.
fn at_own_port(commands: &str) -> String {
    let (_, port) = stack::url().rsplit_once(':').expect("the URL has no port");
    commands.replace(PRINTED_PORT, port)
}

/// Returns the commands after the mark in the README.
fn printed(mark: &str) -> String {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let printed = blocks(&readme, mark);
    assert!(!printed.is_empty(), "the README has no {mark}");
    printed
}

/// Returns a bash that runs the script in the root of the repository.
fn bash(script: &str) -> Command {
    let mut bash = command("bash");
    bash.args(["-euo", "pipefail", "-c", script])
        .current_dir(repository())
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    bash
}

/// Runs the commands, and compares their output with the expectations among them.
#[track_caller]
fn assert_meets_its_expectations(commands: &str) {
    let (script, expectations) = prepare(commands);
    assert!(!expectations.is_empty(), "the README has no expectation in\n{commands}");
    let run = bash(&script).output().expect("cannot run bash");
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
