//! The AWS SAM CLI: it builds the functions for Lambda, deploys the stack, and emulates API Gateway and Lambda with
//! containers.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ops::process_group::ProcessGroup;
use ops::{Result, ui};
use repo::cargo;
use repo::root::repository;
use serde::Deserialize;

use crate::stage::Stage;
use crate::tools::{CARGO_LAMBDA, SAM, ZIG};

/// `sam` and the tools that it needs.
pub struct Sam {
    executable: PathBuf,
    /// The Python of sam, which has AWS's client.
    sam_python: PathBuf,
    cargo_lambda: PathBuf,
    /// cargo-lambda finds zig as a package of this Python.
    python: PathBuf,
}

/// The outputs of a deployed stack.
pub type Outputs = BTreeMap<String, String>;

/// What `sam list` says about a stack that does not exist, and about one without outputs.
const ABSENT: [&str; 2] = ["does not exist on Cloudformation", "Outputs do not exist"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

/// The options of a build.
#[derive(Default)]
pub struct Build<'a> {
    /// The stage to build for; `None` for the template's defaults.
    pub stage: Option<&'a Stage>,
    /// Whether to build without optimizations.
    pub debug: bool,
    /// The output folder; `None` for the one that `sam deploy` uses.
    pub folder: Option<&'a Path>,
}

impl Sam {
    pub async fn installed() -> Result<Self> {
        let executable = SAM.installed().await?;
        let sam_python = executable.with_file_name("python");
        let cargo_lambda = CARGO_LAMBDA.installed().await?;
        let python = ZIG.installed().await?.with_file_name("python");
        Ok(Self { executable, sam_python, cargo_lambda, python })
    }

    /// Builds every function, then runs `sam build`.
    ///
    /// `sam build` alone builds one function after the other, each of which occupies one processor for most of a
    /// minute. One build of all functions uses every processor, and `sam build` then has nothing left to compile.
    pub async fn build(&self, build: &Build<'_>) -> Result {
        ui::status("Building", "every function for Lambda");
        if !ProcessGroup::spawn(self.compile(build))?.wait().await?.success() {
            return Err("the functions do not build; cargo's errors are above".into());
        }
        if ProcessGroup::spawn(self.build_stack(build))?.wait().await?.success() {
            Ok(())
        } else {
            Err("sam build failed; its errors are above".into())
        }
    }

    fn compile(&self, build: &Build<'_>) -> Command {
        let mut command = self.command(&self.cargo_lambda);
        // The same flags as those of `sam build`, which would otherwise build the functions again.
        command.args(["lambda", "build"]);
        command.args((!build.debug).then_some("--release"));
        command.args(build.stage.is_some_and(Stage::is_arm64).then_some("--arm64"));
        command
    }

    fn build_stack(&self, build: &Build<'_>) -> Command {
        let mut command = self.sam(["build"]);
        command.args(build.stage.into_iter().flat_map(config));
        command
            .args(build.folder.into_iter().flat_map(|it| ["--build-dir".as_ref(), it.as_os_str()]));
        if build.debug {
            command.env("SAM_BUILD_MODE", "debug");
        } else {
            command.env_remove("SAM_BUILD_MODE");
        }
        command
    }

    /// Deploys the latest build. `sam` may ask for confirmation at the terminal.
    pub async fn deploy(
        &self,
        stage: &Stage,
        region: &str,
        ask: bool,
        arguments: &[OsString],
    ) -> Result {
        ui::status("Deploying", format!("{} to {region}", stage.stack_name));
        let command = self.deployment(stage, region, ask, arguments);
        // Without its own process group, which could not read from the terminal.
        let mut deployment = tokio::process::Command::from(command);
        if deployment.kill_on_drop(true).status().await?.success() {
            Ok(())
        } else {
            Err("sam deploy failed; its errors are above".into())
        }
    }

    fn deployment(
        &self,
        stage: &Stage,
        region: &str,
        ask: bool,
        arguments: &[OsString],
    ) -> Command {
        let mut command = self.sam(["deploy"]);
        command.args(config(stage)).args(["--region", region]);
        command.args((!ask).then_some("--no-confirm-changeset"));
        // If an option is given twice, the last one applies.
        command.args(arguments);
        command
    }

    /// Switches on the stack's protection against deletion.
    pub async fn protect(&self, stage: &Stage, region: &str) -> Result {
        let mut command = self.command(&self.sam_python);
        command.args(["tools/xtask/src/sam/protect.py", &stage.stack_name, region]);
        if ProcessGroup::spawn(command)?.wait().await?.success() {
            Ok(())
        } else {
            let name = &stage.stack_name;
            Err(format!("the stack {name} is deployed, but not protected; the reason is above")
                .into())
        }
    }

    /// Returns the outputs of a deployed stack.
    pub async fn outputs(&self, stage: &Stage, region: &str) -> Result<Outputs> {
        let missing = || format!("the stack {} does not exist", stage.stack_name);
        Ok(self.outputs_if_deployed(stage, region).await?.ok_or_else(missing)?)
    }

    /// Returns the outputs of a stack; `None` if it has none or does not exist.
    pub async fn outputs_if_deployed(
        &self,
        stage: &Stage,
        region: &str,
    ) -> Result<Option<Outputs>> {
        let mut command = self.sam(["list", "stack-outputs", "--output", "json"]);
        command.args(config(stage)).args(["--stack-name", &stage.stack_name, "--region", region]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let listed = tokio::process::Command::from(command).kill_on_drop(true).output().await?;
        let name = &stage.stack_name;
        if !listed.status.success() {
            let errors = String::from_utf8_lossy(&listed.stderr);
            if ABSENT.iter().any(|absent| errors.contains(absent)) {
                return Ok(None);
            }
            let errors = errors.trim();
            return Err(format!("the stack {name}: sam cannot list its outputs: {errors}").into());
        }
        let outputs: Vec<Output> = serde_json::from_slice(&listed.stdout)
            .map_err(|error| format!("the stack {name}: its outputs are not JSON: {error}"))?;
        Ok(Some(outputs.into_iter().map(|it| (it.output_key, it.output_value)).collect()))
    }

    /// Returns the command that emulates API Gateway on a port of 127.0.0.1, and Lambda with containers, for the build
    /// in a folder.
    pub fn start_api(
        &self,
        folder: &Path,
        port: u16,
        variables: &Path,
        arguments: &[OsString],
    ) -> Command {
        let mut command = self.sam(["local", "start-api", "--host", "127.0.0.1"]);
        command
            .args(["--port", &port.to_string()])
            .arg("--template")
            .arg(folder.join("template.yaml"))
            .arg("--env-vars")
            .arg(variables)
            // As in Lambda, a container answers many requests.
            .args(["--warm-containers", "LAZY"])
            .args(arguments);
        command
    }

    fn sam<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = self.command(&self.executable);
        command.args(arguments);
        command
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = cargo::command(program);
        command
            .current_dir(repository())
            // Stdout is for the results of this repository's commands.
            .stdout(io::stderr())
            .env("PATH", path_with(self.cargo_lambda.parent()))
            .env("CARGO_ZIGBUILD_PYTHON_PATH", &self.python)
            .env("SAM_CLI_TELEMETRY", "0");
        command
    }
}

/// Returns the options that select the stage in samconfig.toml.
fn config(stage: &Stage) -> [&str; 2] {
    ["--config-env", &stage.name]
}

/// Returns the `PATH` with a folder in front.
fn path_with(folder: Option<&Path>) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = folder.map(Path::to_owned).into_iter().chain(env::split_paths(&path));
    // Fails if a folder's name contains a colon: such a folder cannot be in a PATH.
    env::join_paths(folders).unwrap_or(path)
}

#[cfg(test)]
pub mod tests;
