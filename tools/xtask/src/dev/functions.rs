//! The functions: `cargo lambda watch` starts each at its first request.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ops::http::{TIMEOUT, healthy};
use ops::process_group::ProcessGroup;
use ops::{Failure, Result, ui};
use repo::cargo;
use repo::root::repository;
use tempfile::TempDir;
use tokio::time::timeout;

use super::Options;
use crate::environment::Environment;
use crate::port::Port;

/// The time that the first answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The number of log lines that an error shows.
const LAST_LINES: usize = 20;

/// Builds all functions exactly as `cargo lambda watch` would build each one, so that it need not build them.
pub async fn build(release: bool) -> Result {
    let mut cargo = cargo::cargo();
    cargo.args(["build", "--bins"]).args(release.then_some("--release"));
    cargo.current_dir(repository());
    ui::status("Building", "every function");
    if ProcessGroup::spawn(cargo)?.wait().await?.success() {
        Ok(())
    } else {
        Err("the functions do not build; cargo's errors are above".into())
    }
}

/// A running `cargo lambda watch`. Dropping it ends it.
pub struct Functions {
    /// It starts each function in a process group of its own, and ends all of them on SIGTERM. A function that is just
    /// starting may outlive it for seconds; it ends when it finds no runtime API.
    watch: ProcessGroup,
    log: PathBuf,
    /// Without reload, an empty folder to start in: each process of `cargo lambda watch` watches its whole working
    /// folder. With many processes that would take longer than anything else, and if the log were in it, they would
    /// process every line.
    _elsewhere: Option<TempDir>,
}

impl Functions {
    /// Starts it. Its output, and that of the functions, goes into the log, an open file.
    pub fn start(
        cargo_lambda: &Path,
        port: Port,
        options: &Options,
        environment: Environment,
        (log, output): (PathBuf, File),
    ) -> Result<Self> {
        let elsewhere = options.no_reload.then(TempDir::new).transpose()?;
        let mut command = cargo::command(cargo_lambda);
        command
            .args(["lambda", "watch", "--disable-cors", "--invoke-address", "127.0.0.1"])
            .args(["--concurrency", &options.concurrency.to_string()])
            .args(options.release.then_some("--release"))
            .current_dir(elsewhere.as_ref().map_or(repository(), TempDir::path))
            // By default it looks for its routes in the working folder and the folders above.
            .env("CARGO_LAMBDA_GLOBAL", repository().join("CargoLambda.toml"))
            .stdout(output.try_clone()?)
            .stderr(output);
        for (name, value) in environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.arg("--manifest-path").arg(repository().join("Cargo.toml"));
        command.args(["--invoke-port", &port.release().to_string()]);
        Ok(Self { watch: ProcessGroup::spawn(command)?, log, _elsewhere: elsewhere })
    }

    /// Waits until the health check succeeds.
    pub async fn ready(&mut self, url: &str) -> Result {
        let health = format!("{url}api/health/");
        let answers = timeout(PATIENCE, healthy(health.clone(), TIMEOUT));
        match self.unless_ended(answers).await? {
            Ok(()) => Ok(()),
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                Err(self.failure(&format!("{health} did not answer 200 within {seconds} s")))
            }
        }
    }

    /// Returns the result of the work, or an error if `cargo lambda watch` ends first.
    pub async fn unless_ended<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            result = work => Ok(result),
            error = self.ended() => Err(error),
        }
    }

    /// Waits until `cargo lambda watch` ends by itself, which it should not, and returns the error.
    pub async fn ended(&mut self) -> Failure {
        match self.watch.wait().await {
            Ok(status) => self.failure(&format!("cargo lambda watch ended by itself ({status})")),
            Err(error) => error.into(),
        }
    }

    fn failure(&self, problem: &str) -> Failure {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        let last = lines.iter().skip(lines.len().saturating_sub(LAST_LINES));
        let last: String = last.map(|line| format!("\n  {line}")).collect();
        format!("{problem}; the last lines of {}:{last}", self.log.display()).into()
    }
}
