//! checkov, which knows what is seen as careless: on the template as it is, and on what SAM makes of it.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use ops::Result;

use super::scratch::Scratch;
use super::verdict::{Finding, Verdict};

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

pub async fn judge(executable: &Path, expanded: &Path, scratch: &Scratch) -> Result<Verdict> {
    let mut command = Command::new(executable);
    command
        .args(["--framework", "cloudformation", "--output", "json", "--quiet", "--compact"])
        // Neither policies nor anything else from elsewhere.
        .arg("--skip-download")
        .args(["--file", "template.yaml"])
        .arg(expanded);
    verdict(&scratch.said("checkov", command).await?)
}

fn verdict(said: &[u8]) -> Result<Verdict> {
    let Report { summary, results } = serde_json::from_slice(said)
        .map_err(|error| format!("checkov gave no report ({error}); its own words stand above"))?;
    let Summary { passed, skipped, parsing_errors } = summary;
    if parsing_errors > 0 {
        return Err("checkov cannot read template.yaml, or what SAM makes of it".into());
    }
    let found = results.failed_checks.into_iter().map(|check| {
        let logical_id = check.resource.rsplit('.').next().unwrap_or_default();
        Finding::new(check.check_id, logical_id, check.check_name)
    });
    Ok(Verdict {
        judge: format!(
            "checkov: template.yaml, and what SAM makes of it: {passed} checks held, {skipped} suppressed"
        ),
        findings: found.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_report_is_understood() {
        let said = br#"{
            "check_type": "cloudformation",
            "results": { "failed_checks": [{
                "check_id": "CKV_AWS_116", "check_name": "Ensure that there is a queue",
                "resource": "AWS::Serverless::Function.Health", "file_path": "/template.yaml"
            }] },
            "summary": { "passed": 12, "failed": 1, "skipped": 3, "parsing_errors": 0, "resource_count": 4 }
        }"#;
        let verdict = verdict(said).unwrap();
        assert!(verdict.judge.ends_with(": 12 checks held, 3 suppressed"), "{}", verdict.judge);
        let expected = Finding::new("CKV_AWS_116", "Health", "Ensure that there is a queue");
        assert_eq!(verdict.findings, [expected]);
    }

    #[test]
    fn whatever_it_could_not_look_at_is_no_approval() {
        let of_nothing = br#"{ "passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0 }"#;
        assert!(verdict(of_nothing).is_err());
        let unread = br#"{
            "results": { "failed_checks": [] },
            "summary": { "passed": 1, "failed": 0, "skipped": 0, "parsing_errors": 1 }
        }"#;
        assert!(verdict(unread).is_err());
        assert!(verdict(b"").is_err());
    }
}
