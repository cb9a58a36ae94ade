//! cargo-deny with `deny.toml`: licences, sources and bans of the crates, and reported vulnerabilities if the network
//! allows it.

use std::path::Path;
use std::process::{Command, Stdio};

use ops::{Result, ui};
use repo::cargo;
use repo::root::repository;
use serde::Deserialize;

use super::findings::{Finding, Findings};

/// The beginning of cargo-deny's message if it cannot reach the database of vulnerabilities.
const NO_DATABASE: &str = "failed to fetch advisory database";

/// A line of cargo-deny's report.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    fields: Fields,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    code: String,
    message: String,
    severity: String,
    /// The level of a log line, in capitals.
    level: String,
    graphs: Vec<Graph>,
}

#[derive(Deserialize)]
struct Graph {
    #[serde(rename = "Krate")]
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// Checks what needs no database.
pub async fn check(executable: &Path) -> Result<Findings> {
    let check = "cargo-deny: licences, sources and bans".to_owned();
    let list = findings(&report(executable, &["bans", "licenses", "sources"]).await?)?;
    Ok(Findings { check, list })
}

/// Checks for reported vulnerabilities; `None` if the database cannot be reached.
pub async fn advisories(executable: &Path) -> Result<Option<Findings>> {
    let report = report(executable, &["advisories"]).await?;
    if lines(&report)?.iter().any(|line| line.fields.message.starts_with(NO_DATABASE)) {
        ui::status("Skipped", "reported vulnerabilities: their database cannot be reached");
        return Ok(None);
    }
    let check = "cargo-deny: reported vulnerabilities".to_owned();
    Ok(Some(Findings { check, list: findings(&report)? }))
}

/// Returns cargo-deny's report, which it writes to stderr.
async fn report(executable: &Path, checks: &[&str]) -> Result<String> {
    let mut command: Command = cargo::command(executable);
    command.args(["--format", "json", "--locked", "--workspace", "check"]).args(checks);
    command.current_dir(repository()).stdin(Stdio::null());
    let output = tokio::process::Command::from(command).kill_on_drop(true).output().await?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn lines(report: &str) -> Result<Vec<Line>> {
    let lines = report.lines().filter(|line| line.starts_with('{'));
    let lines = lines.map(serde_json::from_str).collect::<serde_json::Result<Vec<Line>>>();
    Ok(lines.map_err(|error| format!("cargo-deny wrote no report ({error}): {report}"))?)
}

fn findings(report: &str) -> Result<Vec<Finding>> {
    let lines = lines(report)?;
    // Without a summary it has not checked anything.
    if !lines.iter().any(|line| line.kind == "summary") {
        return Err(format!("cargo-deny wrote no report: {report}").into());
    }
    let errors = lines.into_iter().map(|line| line.fields);
    let errors = errors.filter(|it| it.severity == "error" || it.level == "ERROR");
    Ok(errors.map(finding).collect())
}

fn finding(fields: Fields) -> Finding {
    let Fields { code, message, graphs, .. } = fields;
    let place = graphs
        .first()
        .map(|Graph { package: Package { name, version } }| format!("{name} {version}"));
    Finding::new(code, place.unwrap_or_else(|| "deny.toml".to_owned()), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = r#"{"fields":{"licenses":{"errors":1,"warnings":0}},"type":"summary"}"#;

    #[test]
    fn errors_are_findings_and_warnings_are_not() {
        let error = r#"{"fields":{"code":"rejected","graphs":[{"Krate":{"name":"gpl","version":"1.2"}}],
            "message":"failed to satisfy license requirements","severity":"error"},"type":"diagnostic"}"#;
        let warning = r#"{"fields":{"code":"no-license-field","message":"x","severity":"warning"},"type":"diagnostic"}"#;
        let report = [&error.replace('\n', ""), warning, SUMMARY].join("\n");
        let expected =
            Finding::new("rejected", "gpl 1.2", "failed to satisfy license requirements");
        assert_eq!(findings(&report).unwrap(), [expected]);
    }

    #[test]
    fn report_without_a_summary_is_an_error() {
        assert!(findings("").is_err());
        assert!(findings("{\"type\":").is_err());
        assert_eq!(findings(SUMMARY).unwrap(), []);
    }
}
