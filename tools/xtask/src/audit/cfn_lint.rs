//! cfn-lint, CloudFormation's own linter: finds errors that would make a deployment fail.

use std::path::Path;
use std::process::Command;

use ops::Result;
use serde::Deserialize;

use super::findings::{Finding, Findings};
use super::scratch::Scratch;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Match {
    rule: Rule,
    message: String,
    location: Location,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    start: Position,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Position {
    line_number: u64,
}

/// Checks a template, which the findings call `name`.
pub async fn check(
    executable: &Path,
    template: &Path,
    name: &str,
    scratch: &Scratch,
) -> Result<Findings> {
    let mut command = Command::new(executable);
    command.args(["--format", "json"]).arg(template);
    let report = scratch.output("cfn-lint", command).await?;
    let list = findings(&report)?;
    Ok(Findings { check: format!("cfn-lint: {name}"), list })
}

fn findings(report: &[u8]) -> Result<Vec<Finding>> {
    let matches: Vec<Match> = serde_json::from_slice(report)
        .map_err(|error| format!("cfn-lint wrote no report ({error}); its errors are above"))?;
    let found = matches.into_iter().map(|it| {
        Finding::new(it.rule.id, format!("line {}", it.location.start.line_number), it.message)
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_read_from_the_report() {
        let report = br#"[{
            "Filename": "template.yaml", "Level": "Error", "Message": "'Actve' is not one of them",
            "Location": { "Start": { "LineNumber": 252 }, "End": { "LineNumber": 252 } },
            "Rule": { "Id": "E3724", "ShortDescription": "Validate Globals" }
        }]"#;
        let expected = Finding::new("E3724", "line 252", "'Actve' is not one of them");
        assert_eq!(findings(report).unwrap(), [expected]);
        assert_eq!(findings(b"[]\n").unwrap(), []);
    }

    #[test]
    fn empty_report_is_an_error() {
        assert!(findings(b"").is_err());
    }
}
