//! The report of `cfn-guard validate` on the template.

use std::collections::BTreeSet;

use ops::Result;
use serde::Deserialize;
use serde_json::Value;

use super::{RULES, Rules};
use crate::audit::findings::{Finding, Findings};

#[derive(Deserialize)]
struct Data {
    compliant: Vec<String>,
    /// Rules without a resource that they apply to, or whose resources all suppress them.
    not_applicable: Vec<String>,
    not_compliant: Vec<NotCompliant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NotCompliant {
    rule: Broken,
}

#[derive(Deserialize)]
struct Broken {
    name: String,
    /// A tree with the failed clauses as leaves.
    checks: Value,
}

pub fn findings(report: &[u8], rules: &Rules, suppressed: &BTreeSet<&str>) -> Result<Findings> {
    let data: Vec<Data> = serde_json::from_slice(report)
        .map_err(|error| format!("cfn-guard wrote no report ({error}); its errors are above"))?;
    let mut checked = BTreeSet::new();
    let mut list = Vec::new();
    for data in &data {
        checked.extend(data.compliant.iter().map(String::as_str));
        for NotCompliant { rule } in &data.not_compliant {
            checked.insert(&*rule.name);
            list.extend(of_rule(rule));
        }
        checked.extend(
            data.not_applicable.iter().map(String::as_str).filter(|it| suppressed.contains(it)),
        );
    }
    for (rule, file) in rules {
        if !checked.contains(rule.as_str()) {
            let problem = "checked nothing: template.yaml has no resource that it applies to";
            list.push(Finding::new(rule, format!("{RULES}/{file}"), problem));
        }
    }
    let check = format!("cfn-guard: template.yaml as SAM expands it: {} rules", rules.len());
    Ok(Findings { check, list })
}

fn of_rule(rule: &Broken) -> Vec<Finding> {
    let mut findings = Vec::new();
    collect(&rule.checks, &rule.name, &mut findings);
    if findings.is_empty() {
        let problem = "failed; tools/rules/ has its requirements";
        findings.push(Finding::new(&rule.name, "template.yaml", problem));
    }
    findings
}

/// Collects the failed clauses that have a message. Among alternatives, only the last one has the message of all.
fn collect(checks: &Value, rule: &str, findings: &mut Vec<Finding>) {
    let message = checks.pointer("/messages/custom_message").and_then(Value::as_str);
    let message = message.map(str::trim).filter(|it| !it.is_empty());
    if let (Some(check), Some(message)) = (checks.get("check"), message) {
        let place = resource(check).unwrap_or("template.yaml");
        findings.push(Finding::new(rule, place, message));
        return;
    }
    match checks {
        Value::Array(checks) => checks.iter().for_each(|it| collect(it, rule, findings)),
        Value::Object(checks) => checks.values().for_each(|it| collect(it, rule, findings)),
        _ => {}
    }
}

/// Returns the logical id of the first resource that a clause checked.
fn resource(check: &Value) -> Option<&str> {
    match check {
        Value::Array(checks) => checks.iter().find_map(resource),
        Value::Object(checks) => {
            let path = checks.get("path").and_then(Value::as_str);
            let inside = path.and_then(|path| path.strip_prefix("/Resources/"));
            let here = inside.and_then(|inside| inside.split('/').next());
            here.or_else(|| checks.values().find_map(resource))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let rule = |name: &str| (name.to_owned(), "lambda.guard".to_owned());
        Rules::from([rule("QUEUED"), rule("TRACED")])
    }

    fn list(report: &str, suppressed: &[&str]) -> Vec<Finding> {
        let suppressed = suppressed.iter().copied().collect();
        findings(report.as_bytes(), &rules(), &suppressed).unwrap().list
    }

    #[test]
    fn clause_is_named_with_its_message_and_its_resource() {
        let report = r#"[{ "status": "FAIL", "compliant": ["QUEUED"], "not_applicable": [], "not_compliant": [
            { "Rule": { "name": "TRACED", "messages": { "custom_message": null }, "checks": [
                { "Clause": { "Binary": {
                    "context": "%traced[*].Properties.TracingConfig.Mode EQUALS \"Active\"",
                    "messages": { "custom_message": "" },
                    "check": { "Resolved": { "from": { "path": "/Resources/Health/Properties" } } }
                } } },
                { "Clause": { "Binary": {
                    "context": "%traced[*].Properties.TracingConfig.Mode EQUALS \"Active\"",
                    "messages": { "custom_message": " set Tracing to Active " },
                    "check": { "Resolved": {
                        "from": { "path": "/Resources/Health/Properties/TracingConfig/Mode", "value": "PassThrough" },
                        "to": { "path": "", "value": "Active" }
                    } }
                } } }
            ] } }
        ] }]"#;
        assert_eq!(list(report, &[]), [Finding::new("TRACED", "Health", "set Tracing to Active")]);
    }

    #[test]
    fn rule_without_a_message_is_named() {
        let report = r#"[{ "compliant": ["QUEUED"], "not_applicable": [], "not_compliant": [
            { "Rule": { "name": "TRACED", "checks": [
                { "GuardBlock": { "messages": null, "unresolved": { "path": "/Resources" } } }
            ] } }
        ] }]"#;
        let [finding] = list(report, &[]).try_into().unwrap();
        assert_eq!((&*finding.rule, &*finding.place), ("TRACED", "template.yaml"));
    }

    #[test]
    fn rule_that_checks_nothing_must_be_suppressed() {
        let report =
            r#"[{ "compliant": ["TRACED"], "not_applicable": ["QUEUED"], "not_compliant": [] }]"#;
        assert_eq!(list(report, &["QUEUED"]), []);
        let [finding] = list(report, &["TRACED"]).try_into().unwrap();
        assert_eq!((&*finding.rule, &*finding.place), ("QUEUED", "tools/rules/lambda.guard"));
    }

    #[test]
    fn rule_that_guard_cannot_read_is_reported() {
        let report = r#"[{ "compliant": ["TRACED"], "not_applicable": [], "not_compliant": [] }]"#;
        assert_eq!(list(report, &["QUEUED"]).len(), 1);
        assert_eq!(list("[]", &[]).len(), 2);
    }
}
