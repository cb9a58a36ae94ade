//! The life of the stack in an emulated CloudFormation (moto): references resolve, and the tables survive.

use std::fs;
use std::process::Command;

use repo::root::repository;
use repo::tools::tools;
use serde_json::{Map, Value, json};

use crate::Outcome;

/// The script, in the repository. It also checks each step.
const LIFECYCLE: &str = "tests/consistency/stack/lifecycle.py";

#[test]
fn stack_can_be_created_updated_and_deleted_without_losing_its_tables() -> Outcome {
    let expanded = expanded()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("expanded.json");
    fs::write(&file, expanded)?;
    let sets = Value::Array(vec![json!({}), prod()?, every_condition()]);
    let output = Command::new(tools("moto").join("python"))
        .args(["-W", "ignore", LIFECYCLE])
        .arg(&file)
        .arg(sets.to_string())
        .current_dir(repository())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{LIFECYCLE} failed:\n{errors}");
    Ok(())
}

/// Returns the template as SAM expands it.
fn expanded() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let output = Command::new(tools("sam-translator").join("python"))
        .args(["tools/xtask/src/audit/expand.py", "template.yaml"])
        .current_dir(repository())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(output.stdout)
}

/// Returns the parameters of the stage prod.
fn prod() -> Result<Value, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(repository().join("samconfig.toml"))?;
    let config: toml::Value = toml::from_str(&text)?;
    let global = config.get("prod").and_then(|it| it.get("global")?.get("parameters"));
    let pairs = global.and_then(|it| it.get("parameter_overrides")?.as_array());
    let pairs = pairs.ok_or("samconfig.toml: prod has no parameter_overrides")?;
    let pairs = pairs.iter().filter_map(|it| it.as_str()?.split_once('='));
    let parameters: Map<_, _> =
        pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    Ok(Value::Object(parameters))
}

/// Returns parameters that reverse every condition of the defaults.
fn every_condition() -> Value {
    json!({
        "AlarmTopicArn": "arn:aws:sns:eu-central-1:111122223333:alarms",
        "ApiGatewayAccountRole": "leave",
        "AuditBucketKeyArn": "arn:aws:kms:eu-central-1:444455556666:key/1",
        "AuditBucketName": "archive-of-another-account",
        "AuditSigningKeyArn": "arn:aws:kms:eu-central-1:444455556666:key/2",
        "CertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/1",
        "CorsOrigins": "https://app.clinic.example",
        "DomainName": "api.clinic.example",
        "HostedZoneId": "Z1",
        "MailSender": "clinic@clinic.example",
        "PasswordConcurrency": "20",
        "PermissionsBoundary": "arn:aws:iam::111122223333:policy/boundary",
        "WebAcl": "on",
    })
}
