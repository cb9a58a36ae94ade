//! cargo and its like, started as the developer's own shell would start them.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::Command;

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
