//! The arguments and the environment of sam, and the handling of its output. A script replaces sam in these tests.

use std::ffi::OsStr;
use std::{fs, process};

use super::*;

pub fn stage(architecture: &str) -> Stage {
    let text = format!(
        "[dev.global.parameters]\nstack_name = \"clinic-dev\"\n\
         parameter_overrides = [\"Architecture={architecture}\"]\n"
    );
    Stage::parse(&text, "dev").unwrap()
}

/// Returns tools that do not exist.
fn sam() -> Sam {
    Sam {
        executable: "/tools/sam/bin/sam".into(),
        sam_python: "/tools/sam/bin/python".into(),
        cargo_lambda: "/tools/cargo-lambda/cargo-lambda".into(),
        python: "/tools/zig/bin/python".into(),
    }
}

fn arguments(command: &Command) -> Vec<&str> {
    command.get_args().map(|argument| argument.to_str().unwrap()).collect()
}

fn variable<'a>(command: &'a Command, name: &str) -> Option<&'a OsStr> {
    command.get_envs().find(|(it, _)| *it == name)?.1
}

#[test]
fn functions_are_compiled_as_sam_build_would() {
    let sam = sam();
    let (x86, arm) = (stage("x86_64"), stage("arm64"));
    let build = Build { stage: Some(&x86), ..Build::default() };
    assert_eq!(arguments(&sam.compile(&build)), ["lambda", "build", "--release"]);
    let build = Build { stage: Some(&arm), debug: true, folder: None };
    assert_eq!(arguments(&sam.compile(&build)), ["lambda", "build", "--arm64"]);
}

#[test]
fn sam_build_uses_the_stage_and_finds_its_tools() {
    let sam = sam();
    let stage = stage("x86_64");
    let command = sam.build_stack(&Build { stage: Some(&stage), ..Build::default() });
    assert_eq!(arguments(&command), ["build", "--config-env", "dev"]);
    assert_eq!(command.get_program(), "/tools/sam/bin/sam");
    assert_eq!(command.get_current_dir(), Some(repository()));
    let path = variable(&command, "PATH").unwrap().to_str().unwrap();
    assert!(path.starts_with("/tools/cargo-lambda:"), "{path}");
    let python = variable(&command, "CARGO_ZIGBUILD_PYTHON_PATH");
    assert_eq!(python, Some("/tools/zig/bin/python".as_ref()));
    assert_eq!(variable(&command, "SAM_CLI_TELEMETRY"), Some("0".as_ref()));
    assert_eq!(variable(&command, "SAM_BUILD_MODE"), None);

    let folder = Some(Path::new("/somewhere"));
    let command = sam.build_stack(&Build { debug: true, folder, stage: None });
    assert_eq!(arguments(&command), ["build", "--build-dir", "/somewhere"]);
    assert_eq!(variable(&command, "SAM_BUILD_MODE"), Some("debug".as_ref()));
}

#[test]
fn more_arguments_for_sam_deploy_come_last() {
    let sam = sam();
    let stage = stage("x86_64");
    let deployment = |ask, more: &[OsString]| {
        let command = sam.deployment(&stage, "eu-central-1", ask, more);
        arguments(&command).join(" ")
    };
    assert_eq!(deployment(true, &[]), "deploy --config-env dev --region eu-central-1");
    assert_eq!(
        deployment(false, &["--region".into(), "us-east-1".into()]),
        "deploy --config-env dev --region eu-central-1 --no-confirm-changeset --region us-east-1"
    );
}

#[test]
fn sam_local_serves_its_own_build() {
    let sam = sam();
    let (folder, variables) = (Path::new("/built"), Path::new("/built/variables.json"));
    let command = sam.start_api(folder, 3000, variables, &["--skip-pull-image".into()]);
    assert_eq!(
        arguments(&command).join(" "),
        "local start-api --host 127.0.0.1 --port 3000 --template /built/template.yaml \
         --env-vars /built/variables.json --warm-containers LAZY --skip-pull-image"
    );
}

/// A script that replaces sam. It is deleted when this is dropped.
pub struct Script(PathBuf);

impl Script {
    pub fn new(name: &str, text: &str) -> Self {
        let path = env::temp_dir().join(format!("healthcare-{name}-{}", process::id()));
        // Another process writes it: a file that is open for writing cannot be executed, and children that other tests
        // start at the same time inherit this process's open files.
        let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod +x "$2""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", write, "sh", text]).arg(&path);
        assert!(shell.status().unwrap().success());
        Self(path)
    }

    pub fn sam(&self) -> Sam {
        let script = || self.0.clone();
        Sam { executable: script(), sam_python: script(), cargo_lambda: script(), python: script() }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

#[tokio::test]
async fn outputs_are_read_from_sam_list() {
    let script = Script::new(
        "outputs",
        r#"case "$*" in
           "list stack-outputs --output json --config-env dev --stack-name clinic-dev --region eu-west-3")
               echo '[{"OutputKey": "ApiUrl", "OutputValue": "https://a.example/", "Description": ""},
                      {"OutputKey": "TableName", "OutputValue": "t"}]' ;;
           *) exit 1 ;;
           esac"#,
    );
    let stage = stage("x86_64");
    let outputs = script.sam().outputs(&stage, "eu-west-3").await.unwrap();
    assert_eq!(outputs["ApiUrl"], "https://a.example/");
    assert_eq!(outputs["TableName"], "t");
    let error = script.sam().outputs(&stage, "elsewhere").await.unwrap_err().to_string();
    assert!(error.starts_with("the stack clinic-dev: sam cannot list its outputs"), "{error}");
}

#[tokio::test]
async fn failing_command_is_named() {
    let stage = stage("x86_64");
    let build = Build { stage: Some(&stage), ..Build::default() };
    let failures = [
        ("lambda", "the functions do not build; cargo's errors are above"),
        ("build", "sam build failed; its errors are above"),
    ];
    for (failing, problem) in failures {
        let script = Script::new(failing, &format!(r#"test "$1" != {failing}"#));
        let error = script.sam().build(&build).await.unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
    let script = Script::new("deploy", "exit 1");
    let error = script.sam().deploy(&stage, "eu-west-3", true, &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "sam deploy failed; its errors are above");
}
