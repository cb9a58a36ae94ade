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

/// Runs redocly. `node` is the executable of [`CONTRACT_LINTERS`](crate::tools::CONTRACT_LINTERS).
pub async fn redocly(node: &Path, scratch: &Scratch) -> Result<Findings> {
    let mut command = linter(node, "redocly");
    command.args(["lint", "--config", "tools/redocly.yaml", "--format", "json", CONTRACT]);
    // Without these, it sends statistics, and asks for a newer version of itself.
    command.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    let report = scratch.output("redocly", command).await?;
    Ok(findings("redocly", redocly_findings(&report)?))
}

/// Runs spectral.
pub async fn spectral(node: &Path, scratch: &Scratch) -> Result<Findings> {
    let mut command = linter(node, "spectral");
    command.args(["lint", "--quiet", "--format", "json", "--ruleset", "tools/spectral.yaml"]);
    command.arg(CONTRACT);
    let report = scratch.output("spectral", command).await?;
    Ok(findings("spectral", spectral_findings(&report)?))
}

/// Returns a command of a linter that npm installed beside this Node.js.
fn linter(node: &Path, name: &str) -> Command {
    let mut command = Command::new(node);
    command.arg(node.with_file_name("..").join("node_modules/.bin").join(name));
    command
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
