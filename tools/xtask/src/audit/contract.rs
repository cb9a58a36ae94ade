//! redocly and spectral, which check openapi.yaml with their recommended rules. Their settings, in tools/, switch off
//! only the rule against a final slash.

use std::path::Path;
use std::process::Command;

use ops::Result;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::findings::{Finding, Findings};
use super::scratch::Scratch;

const CONTRACT: &str = "openapi.yaml";

#[derive(Deserialize)]
struct RedoclyReport {
    problems: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    rule_id: String,
    message: String,
    location: Vec<Location>,
}

#[derive(Deserialize)]
struct Location {
    pointer: Option<String>,
}

#[derive(Deserialize)]
struct SpectralProblem {
    code: String,
    message: String,
    path: Vec<String>,
}

/// Runs redocly. `executable` is the one of [`REDOCLY`](crate::tools::REDOCLY).
pub async fn redocly(executable: &Path, scratch: &Scratch) -> Result<Findings> {
    let mut command = node(executable);
    command.arg(executable).args(["lint", "--config", "tools/redocly.yaml", "--format", "json"]);
    command.arg(CONTRACT);
    // Without these, it sends statistics, and asks for a newer version of itself.
    command.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    let report = scratch.output("redocly", command).await?;
    Ok(findings("redocly", redocly_findings(&report)?))
}

/// Runs spectral, which is in redocly's folder.
pub async fn spectral(redocly: &Path, scratch: &Scratch) -> Result<Findings> {
    let mut command = node(redocly);
    command.arg(redocly.with_file_name("spectral")).args(["lint", "--quiet", "--format", "json"]);
    command.args(["--ruleset", "tools/spectral.yaml", CONTRACT]);
    let report = scratch.output("spectral", command).await?;
    Ok(findings("spectral", spectral_findings(&report)?))
}

/// Returns a command of the Node.js that is in the executable's folder.
fn node(executable: &Path) -> Command {
    Command::new(executable.with_file_name("node"))
}

fn findings(linter: &str, list: Vec<Finding>) -> Findings {
    Findings { check: format!("{linter}: {CONTRACT}"), list }
}

fn redocly_findings(report: &[u8]) -> Result<Vec<Finding>> {
    let RedoclyReport { problems } = parsed("redocly", report)?;
    let found = problems.into_iter().map(|problem| {
        let place = problem.location.into_iter().find_map(|location| location.pointer);
        Finding::new(problem.rule_id, place.unwrap_or_default(), problem.message)
    });
    Ok(found.collect())
}

fn spectral_findings(report: &[u8]) -> Result<Vec<Finding>> {
    let problems: Vec<SpectralProblem> = parsed("spectral", report)?;
    let found = problems.into_iter().map(|it| Finding::new(it.code, it.path.join(" "), it.message));
    Ok(found.collect())
}

fn parsed<T: DeserializeOwned>(linter: &str, report: &[u8]) -> Result<T> {
    serde_json::from_slice(report)
        .map_err(|error| format!("{linter} wrote no report ({error}); its errors are above").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_redocly_are_read_from_the_report() {
        let report = br##"{
            "totals": { "errors": 0, "warnings": 1, "ignored": 0 }, "version": "2.77.0",
            "problems": [{
                "ruleId": "operation-4xx-response", "severity": "warn", "message": "Operation must have one",
                "location": [{ "source": { "ref": "openapi.yaml" }, "pointer": "#/paths/~1api~1docs~1/get/responses" }],
                "suggest": []
            }]
        }"##;
        let expected = Finding::new(
            "operation-4xx-response",
            "#/paths/~1api~1docs~1/get/responses",
            "Operation must have one",
        );
        assert_eq!(redocly_findings(report).unwrap(), [expected]);
        assert_eq!(redocly_findings(br#"{"problems": []}"#).unwrap(), []);
    }

    #[test]
    fn findings_of_spectral_are_read_from_the_report() {
        let report = br#"[{
            "code": "info-contact", "path": ["info", "contact"], "message": "must have \"contact\"", "severity": 1,
            "range": { "start": { "line": 6, "character": 5 }, "end": { "line": 32, "character": 19 } }
        }]"#;
        let expected = Finding::new("info-contact", "info contact", "must have \"contact\"");
        assert_eq!(spectral_findings(report).unwrap(), [expected]);
        assert_eq!(spectral_findings(b"[]").unwrap(), []);
    }

    #[test]
    fn empty_report_is_an_error() {
        assert!(redocly_findings(b"").is_err());
        assert!(spectral_findings(b"").is_err());
    }
}
