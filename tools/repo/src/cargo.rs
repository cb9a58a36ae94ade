//! Commands such as cargo, started as the developer's own shell would start them.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::root::repository;

/// Returns a command without the environment variables in which `cargo run` and `cargo test` describe the running
/// program's own package.
///
/// Some build scripts, such as ring's, depend on these variables. They would run again whenever this cargo and the
/// developer's take turns, and everything that depends on their crates would be built again.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_a_package) {
            command.env_remove(name);
        }
    }
    command
}

fn is_of_a_package(name: &str) -> bool {
    let is_one = ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&name);
    is_one || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// Returns the cargo that runs this program: the developer's, with the same toolchain.
pub fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// Builds a binary with these arguments of `cargo build`, and returns its path.
///
/// # Errors
/// Cargo cannot be started, or it fails; then its own errors are on stderr.
pub fn build(arguments: &[&str], binary: &str) -> io::Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--bin", binary, MESSAGES]).args(arguments).current_dir(repository());
    let output = command.stderr(Stdio::inherit()).output()?;
    let built = executables(&String::from_utf8_lossy(&output.stdout)).remove(binary);
    built.filter(|_| output.status.success()).ok_or_else(|| {
        io::Error::other(format!("{binary} does not build; cargo's errors are above"))
    })
}

/// The flag with which cargo prints the messages that [`executables`] reads.
pub const MESSAGES: &str = "--message-format=json-render-diagnostics";

/// Returns the executables of a build, new or unchanged, by their names.
pub fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    artifacts.map(|Artifact { target, executable }| (target.name, executable)).collect()
}

#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: PathBuf,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_not_executables() {
        let messages = r#"
            {"reason":"compiler-artifact","target":{"name":"shared"},"executable":null}
            {"reason":"compiler-artifact","target":{"name":"health"},"executable":"/t/health"}
            {"reason":"build-finished","success":true}"#;
        let expected = [("health".to_owned(), PathBuf::from("/t/health"))];
        assert_eq!(executables(messages), BTreeMap::from(expected));
    }
}
