//! cargo and its like, started as the developer's own shell would start them.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

/// A command without the variables by which `cargo run` and `cargo test` tell a program of its own package.
///
/// Build scripts that watch them, ring's among them, would otherwise run again at each change
/// between this cargo and the developer's, and with them everything that stands on their crates.
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

/// The cargo that runs this, which is the developer's, toolchain included.
pub fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// Of what cargo prints with this flag, [`executables`] reads where they are.
pub const MESSAGES: &str = "--message-format=json-render-diagnostics";

/// The executables that a build made or found made, by their names.
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
