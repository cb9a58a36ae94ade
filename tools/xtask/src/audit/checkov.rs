//! checkov, which finds insecure settings, in the template itself and in the template as SAM expands it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use ops::Result;
use repo::openapi::from_yaml;
use repo::root::repository;
use serde::Deserialize;

use super::findings::{Finding, Findings};
use super::scratch::Scratch;

/// checkov's settings, in the repository.
const CONFIG: &str = "tools/checkov.yaml";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Config {
    skip_check: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Report {
    summary: Summary,
    results: Results,
}

#[derive(Deserialize)]
struct Summary {
    passed: u64,
    skipped: u64,
    parsing_errors: u64,
}

#[derive(Deserialize)]
struct Results {
    failed_checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    check_id: String,
    check_name: String,
    /// Type and logical id.
    resource: String,
}

/// Returns the names of the rules that the settings leave out for all resources.
pub fn left_out() -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(repository().join(CONFIG))?;
    let config: Config =
        from_yaml(&text).map_err(|_| format!("{CONFIG} has no list skip-check"))?;
    Ok(config.skip_check)
}

pub async fn check(executable: &Path, expanded: &Path, scratch: &Scratch) -> Result<Findings> {
    let mut command = Command::new(executable);
    command
        .args(["--config-file", CONFIG, "--output", "json", "--file", "template.yaml"])
        .arg(expanded);
    findings(&scratch.output("checkov", command).await?)
}

fn findings(report: &[u8]) -> Result<Findings> {
    let Report { summary, results } = serde_json::from_slice(report)
        .map_err(|error| format!("checkov wrote no report ({error}); its errors are above"))?;
    let Summary { passed, skipped, parsing_errors } = summary;
    if parsing_errors > 0 {
        let files = "template.yaml or the template as SAM expands it";
        return Err(format!("checkov cannot read {files}").into());
    }
    let found = results.failed_checks.into_iter().map(|check| {
        let logical_id = check.resource.rsplit('.').next().unwrap_or_default();
        Finding::new(check.check_id, logical_id, check.check_name)
    });
    Ok(Findings {
        check: format!(
            "checkov: template.yaml, and as SAM expands it: {passed} checks passed, {skipped} suppressed"
        ),
        list: found.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_read_from_the_report() {
        let report = br#"{
            "check_type": "cloudformation",
            "results": { "failed_checks": [{
                "check_id": "CKV_AWS_116", "check_name": "Ensure that there is a queue",
                "resource": "AWS::Serverless::Function.Health", "file_path": "/template.yaml"
            }] },
            "summary": { "passed": 12, "failed": 1, "skipped": 3, "parsing_errors": 0, "resource_count": 4 }
        }"#;
        let findings = findings(report).unwrap();
        assert!(findings.check.ends_with(": 12 checks passed, 3 suppressed"), "{}", findings.check);
        let expected = Finding::new("CKV_AWS_116", "Health", "Ensure that there is a queue");
        assert_eq!(findings.list, [expected]);
    }

    #[test]
    fn incomplete_report_is_an_error() {
        let without_results = br#"{ "passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0 }"#;
        assert!(findings(without_results).is_err());
        let unreadable = br#"{
            "results": { "failed_checks": [] },
            "summary": { "passed": 1, "failed": 0, "skipped": 0, "parsing_errors": 1 }
        }"#;
        assert!(findings(unreadable).is_err());
        assert!(findings(b"").is_err());
    }
}
