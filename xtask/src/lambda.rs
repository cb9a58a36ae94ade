//! `cargo xtask lambda …`: the pinned cargo-lambda with these arguments.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;

use crate::stop::unless_stopped;
use crate::tools::cargo_lambda;
use crate::{Result, cargo};

#[derive(clap::Args)]
pub struct Options {
    /// What would follow `cargo lambda`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Becomes cargo-lambda; returns only if it cannot.
pub async fn run(options: &Options) -> Result {
    let executable = unless_stopped(cargo_lambda(), false).await?.ok_or("stopped")??;
    Err(cargo::command(executable).arg("lambda").args(&options.arguments).exec().into())
}
