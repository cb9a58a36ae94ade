//! The functions: built, then started one by one, as requests come in, by `cargo lambda watch`.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use shared::testing::cargo;
use shared::testing::emulator::{KEYS_TABLE_NAME, TABLE_NAME};
use shared::testing::template::{Template, repository};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::Options;
use super::port::Port;
use crate::dynamodb::DynamoDb;
use crate::group::Group;
use crate::{Failure, Result, http, ui};

/// How long the first answer may take.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(250);

/// How much of the log to show when something went wrong.
const LAST_LINES: usize = 20;

/// Environment variables; one without a value must not be set.
pub type Environment = BTreeMap<String, Option<OsString>>;

/// What every function is told: what the template says, and what stands here in place of the cloud.
/// Wherever the template has a parameter, the developer may say otherwise.
pub fn environment(
    template: &Template,
    dynamodb: &DynamoDb,
    token_secret: String,
    outbox: &Path,
) -> Environment {
    let of_template = template.functions.values().flat_map(|function| &function.environment);
    let mut environment: Environment = of_template
        .map(|(name, default)| {
            let value =
                default.as_ref().map(|default| said(name).unwrap_or_else(|| default.into()));
            (name.clone(), value)
        })
        .collect();
    let here = [
        ("TABLE_NAME", Some(TABLE_NAME.into())),
        ("KEYS_TABLE_NAME", Some(KEYS_TABLE_NAME.into())),
        ("TOKEN_SECRET", Some(token_secret.into())),
        ("TOKEN_SECRET_ARN", None),
        ("REGISTRATION_ROLE", Some(said("REGISTRATION_ROLE").unwrap_or_else(|| "staff".into()))),
        // Somebody must be able to make others staff, and here nobody is in a hurry to be first.
        ("BOOTSTRAP_ADMIN", Some("true".into())),
        ("MAIL_OUTBOX", Some(outbox.into())),
        ("MAIL_SENDER", None),
    ];
    environment.extend(here.map(|(name, value)| (name.to_owned(), value)));
    let dynamodb = dynamodb.environment();
    environment.extend(dynamodb.map(|(name, value)| (name.to_owned(), value.map(OsString::from))));
    environment
}

/// What the developer says of a variable; an empty value says nothing.
fn said(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Builds them all, exactly as `cargo lambda watch` would one by one, so that it finds them done.
pub async fn build(release: bool) -> Result {
    let mut cargo = cargo::cargo();
    cargo.args(["build", "--bins"]).args(release.then_some("--release"));
    cargo.current_dir(repository());
    ui::status("Building", "every function");
    if Group::spawn(cargo)?.wait().await?.success() {
        Ok(())
    } else {
        Err("the functions do not build; cargo's own words stand above".into())
    }
}

/// `cargo lambda watch` at work. Dropping it ends it.
pub struct Functions {
    /// It gives each function a process group of its own, and ends them all on SIGTERM. One that is
    /// just being started may outlive it for seconds; it ends when it finds no runtime API.
    watch: Group,
    log: PathBuf,
}

impl Functions {
    pub fn start(
        cargo_lambda: &Path,
        port: Port,
        options: &Options,
        environment: Environment,
        log: PathBuf,
    ) -> Result<Self> {
        let output = File::create(&log)
            .map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let mut command = cargo::command(cargo_lambda);
        command
            .args(["lambda", "watch", "--disable-cors", "--invoke-address", "127.0.0.1"])
            .args(["--concurrency", &options.concurrency.to_string()])
            .args(options.release.then_some("--release"))
            .current_dir(watched(options, &log))
            // It looks for its routes in that folder and those above, which may be elsewhere.
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
        Ok(Self { watch: Group::spawn(command)?, log })
    }

    /// Waits until the API answers that it is well.
    pub async fn ready(&mut self, url: &str) -> Result {
        let health = format!("{url}api/health/");
        let answers = timeout(PATIENCE, is_well(health.clone()));
        match self.unless_ended(answers).await? {
            Ok(()) => Ok(()),
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                Err(self.failure(&format!("{health} did not answer 200 within {seconds} s")))
            }
        }
    }

    /// The result of some work, or an error if there are no functions any longer.
    pub async fn unless_ended<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            result = work => Ok(result),
            error = self.ended() => Err(error),
        }
    }

    /// Waits for what should not happen: that `cargo lambda watch` ends by itself.
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

/// The folder that each process of `cargo lambda watch` watches as a whole, with all its subfolders, from
/// its start on. With many processes that takes longer than anything else, so that whoever does not
/// want to reload has them watch the folder of the log.
fn watched<'a>(options: &Options, log: &'a Path) -> &'a Path {
    let elsewhere = options.no_reload.then(|| log.parent()).flatten();
    elsewhere.unwrap_or_else(|| repository())
}

async fn is_well(url: String) {
    loop {
        let url = url.clone();
        let ask = move || http::agent().get(url).call().is_ok_and(|answer| answer.status() == 200);
        if spawn_blocking(ask).await.unwrap_or(false) {
            return;
        }
        sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Here there is no stage in front of the path that lambda_http would have to be kept from, no
    /// Secrets Manager, and an outbox in place of a sender.
    const OF_THE_CLOUD: [&str; 3] =
        ["AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "MAIL_SENDER", "TOKEN_SECRET_ARN"];

    #[test]
    fn functions_are_told_here_whatever_the_template_tells_them() {
        let template = Template::load().unwrap();
        let dynamodb = DynamoDb::at("http://127.0.0.1:1").unwrap();
        let mut told =
            environment(&template, &dynamodb, "a secret".to_owned(), Path::new("outbox"));
        told.retain(|_, value| value.is_some());
        for (function, it) in &template.functions {
            for variable in it.environment.keys() {
                let is_told =
                    told.contains_key(variable) || OF_THE_CLOUD.contains(&variable.as_str());
                assert!(is_told, "{function}: {variable}");
            }
        }
        assert!(!told.contains_key("TOKEN_SECRET_ARN"));
    }
}
