//! `cargo ops smoke`, which checks a stage after a deployment.

use std::process::Command;

use repo::cargo;
use repo::root::repository;

use crate::client::{Actor, User};
use crate::stack;

#[test]
fn smoke_test_makes_six_calls_and_deactivates_its_accounts() {
    let Some(admin) = User::admin() else { return };
    if !stack::is_own() {
        eprintln!("skipped: cannot reach the tables of another stack");
        return;
    }
    let output = smoke(stack::url()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let calls: Vec<_> = stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(calls, ["400", "200", "201", "200", "200", "200"], "{stdout}");

    let left = admin.walk("/api/users/?search=smoke-test");
    assert!(!left.is_empty());
    assert!(left.iter().all(|user| user["active"] == false), "{left:?}");
}

#[test]
fn smoke_test_reports_the_failed_call() {
    if !stack::is_own() {
        eprintln!("skipped: cannot reach the tables of another stack");
        return;
    }
    // The API has nothing at this URL.
    let output = smoke(&format!("{}/nowhere", stack::url())).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let last = stderr.lines().last().unwrap();
    let call = "/nowhere/api/auth/register/ answered 404, not_found: ";
    assert!(last.starts_with("error: POST http://127.0.0.1:") && last.contains(call), "{last}");
}

/// Returns the command of a smoke test. It finds the tables in the stack's folder.
fn smoke(url: &str) -> Command {
    // With `xtask`, because alone `ops` would need another build of its dependencies.
    let ops = cargo::build(&["--package", "xtask", "--package", "ops"], "ops").unwrap();
    let mut command = cargo::command(ops);
    command.current_dir(repository());
    command.args(["smoke", url, "--data"]).arg(stack::data());
    command
}
