//! What `cfn-guard validate` says of the template.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use ops::Result;

use super::Rules;
use crate::audit::verdict::{Finding, Verdict};

#[derive(Deserialize)]
struct Data {
    compliant: Vec<String>,
    /// Rules that met no resource, or none that is not suppressed.
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
    /// A tree, at whose ends are the clauses that do not hold.
    checks: Value,
}

pub fn verdict(said: &[u8], rules: &Rules, suppressed: &BTreeSet<&str>) -> Result<Verdict> {
    let data: Vec<Data> = serde_json::from_slice(said).map_err(|error| {
        format!("cfn-guard gave no report ({error}); its own words stand above")
    })?;
    let mut judged = BTreeSet::new();
    let mut findings = Vec::new();
    for data in &data {
        judged.extend(data.compliant.iter().map(String::as_str));
        for NotCompliant { rule } in &data.not_compliant {
            judged.insert(&*rule.name);
            findings.extend(of_rule(rule));
        }
        judged.extend(
            data.not_applicable.iter().map(String::as_str).filter(|it| suppressed.contains(it)),
        );
    }
    for (rule, file) in rules {
        if !judged.contains(rule.as_str()) {
            let problem = "looked at nothing: what it is about is not in template.yaml";
            findings.push(Finding::new(rule, format!("rules/{file}"), problem));
        }
    }
    let judge = format!("cfn-guard: what SAM makes of template.yaml: {} rules", rules.len());
    Ok(Verdict { judge, findings })
}

fn of_rule(rule: &Broken) -> Vec<Finding> {
    let mut findings = Vec::new();
    collect(&rule.checks, &rule.name, &mut findings);
    if findings.is_empty() {
        let problem = "does not hold; what it asks for stands in rules/";
        findings.push(Finding::new(&rule.name, "template.yaml", problem));
    }
    findings
}

/// A clause with its message. Of alternatives, the last one alone has the message of them all.
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

/// The logical id of the first resource that a clause looked into.
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

    fn findings(said: &str, suppressed: &[&str]) -> Vec<Finding> {
        let suppressed = suppressed.iter().copied().collect();
        verdict(said.as_bytes(), &rules(), &suppressed).unwrap().findings
    }

    #[test]
    fn a_clause_is_named_with_its_message_and_its_resource() {
        let said = r#"[{ "status": "FAIL", "compliant": ["QUEUED"], "not_applicable": [], "not_compliant": [
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
        assert_eq!(
            findings(said, &[]),
            [Finding::new("TRACED", "Health", "set Tracing to Active")]
        );
    }

    #[test]
    fn a_rule_that_says_nothing_is_named_all_the_same() {
        let said = r#"[{ "compliant": ["QUEUED"], "not_applicable": [], "not_compliant": [
            { "Rule": { "name": "TRACED", "checks": [
                { "GuardBlock": { "messages": null, "unresolved": { "path": "/Resources" } } }
            ] } }
        ] }]"#;
        let [finding] = findings(said, &[]).try_into().unwrap();
        assert_eq!((&*finding.rule, &*finding.place), ("TRACED", "template.yaml"));
    }

    #[test]
    fn a_rule_that_looks_at_nothing_must_be_suppressed() {
        let said =
            r#"[{ "compliant": ["TRACED"], "not_applicable": ["QUEUED"], "not_compliant": [] }]"#;
        assert_eq!(findings(said, &["QUEUED"]), []);
        let [finding] = findings(said, &["TRACED"]).try_into().unwrap();
        assert_eq!((&*finding.rule, &*finding.place), ("QUEUED", "rules/lambda.guard"));
    }

    #[test]
    fn a_rule_that_guard_could_not_read_is_found() {
        let said = r#"[{ "compliant": ["TRACED"], "not_applicable": [], "not_compliant": [] }]"#;
        assert_eq!(findings(said, &["QUEUED"]).len(), 1);
        assert_eq!(findings("[]", &[]).len(), 2);
    }
}
