//! checkov, which finds careless settings: in the template as it is, and as SAM expands it.

use std::path::Path;
use std::process::Command;

use ops::Result;
use serde::Deserialize;

use super::findings::{Finding, Findings};
use super::scratch::Scratch;

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
    /// Its type and its logical id.
    resource: String,
}

pub async fn check(executable: &Path, expanded: &Path, scratch: &Scratch) -> Result<Findings> {
    let mut command = Command::new(executable);
    command
        .args(["--framework", "cloudformation", "--output", "json", "--quiet", "--compact"])
        // Neither policies nor anything else from elsewhere.
        .arg("--skip-download")
        .args(["--file", "template.yaml"])
        .arg(expanded);
    findings(&scratch.said("checkov", command).await?)
}

fn findings(said: &[u8]) -> Result<Findings> {
    let Report { summary, results } = serde_json::from_slice(said)
        .map_err(|error| format!("checkov gave no report ({error}); its own words stand above"))?;
    let Summary { passed, skipped, parsing_errors } = summary;
    if parsing_errors > 0 {
        return Err("checkov cannot read template.yaml, or the template as SAM expands it".into());
    }
    let found = results.failed_checks.into_iter().map(|check| {
        let logical_id = check.resource.rsplit('.').next().unwrap_or_default();
        Finding::new(check.check_id, logical_id, check.check_name)
    });
    Ok(Findings {
        check: format!(
            "checkov: template.yaml, and as SAM expands it: {passed} checks held, {skipped} suppressed"
        ),
        list: found.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_is_understood() {
        let said = br#"{
            "check_type": "cloudformation",
            "results": { "failed_checks": [{
                "check_id": "CKV_AWS_116", "check_name": "Ensure that there is a queue",
                "resource": "AWS::Serverless::Function.Health", "file_path": "/template.yaml"
            }] },
            "summary": { "passed": 12, "failed": 1, "skipped": 3, "parsing_errors": 0, "resource_count": 4 }
        }"#;
        let findings = findings(said).unwrap();
        assert!(findings.check.ends_with(": 12 checks held, 3 suppressed"), "{}", findings.check);
        let expected = Finding::new("CKV_AWS_116", "Health", "Ensure that there is a queue");
        assert_eq!(findings.list, [expected]);
    }

    #[test]
    fn incomplete_report_is_an_error() {
        let of_nothing = br#"{ "passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0 }"#;
        assert!(findings(of_nothing).is_err());
        let unread = br#"{
            "results": { "failed_checks": [] },
            "summary": { "passed": 1, "failed": 0, "skipped": 0, "parsing_errors": 1 }
        }"#;
        assert!(findings(unread).is_err());
        assert!(findings(b"").is_err());
    }
}
