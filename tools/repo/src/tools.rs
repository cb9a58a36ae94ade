//! Tools for tests, which `cargo xtask tools` installs in the user's cache.

#![allow(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

use std::path::PathBuf;
use std::process::Stdio;

use crate::cargo::cargo;
use crate::root::repository;

/// Returns the folder with a tool's executables, and with its Python.
///
/// # Panics
/// The tool cannot be installed.
pub fn tools(name: &str) -> PathBuf {
    let mut tools = cargo();
    tools.args(["run", "--quiet", "--package", "xtask", "--", "tools", name]);
    let output = tools.current_dir(repository()).stderr(Stdio::inherit()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{name} cannot be installed; the reason is above");
    String::from_utf8(output.stdout).expect("a path in UTF-8").trim().into()
}
