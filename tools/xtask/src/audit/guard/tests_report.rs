//! What `cfn-guard test` says of the rules.

use std::collections::BTreeSet;

use serde::Deserialize;
use ops::Result;

use super::Rules;
use crate::audit::verdict::{Finding, Verdict};

#[derive(Deserialize)]
struct File {
    rule_file: String,
    #[serde(default)]
    test_cases: Vec<Case>,
    /// Why it could not be read.
    error: Option<String>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    passed_rules: Vec<AsExpected>,
    failed_rules: Vec<Otherwise>,
}

#[derive(Deserialize)]
struct AsExpected {
    name: String,
    /// `PASS`, `FAIL` or `SKIP`.
    evaluated: String,
}

#[derive(Deserialize)]
struct Otherwise {
    name: String,
    expected: String,
    evaluated: Vec<String>,
}

pub fn verdict(said: &[u8], rules: &Rules) -> Result<Verdict> {
    let files: Vec<File> = serde_json::from_slice(said).map_err(|error| {
        format!("cfn-guard gave no report of the tests ({error}); its own words stand above")
    })?;
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    let mut held: usize = 0;
    for file in &files {
        if let Some(error) = &file.error {
            let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
            findings.push(Finding::new("unreadable", &file.rule_file, error));
        }
        for case in &file.test_cases {
            held = held.saturating_add(case.passed_rules.len());
            seen.extend(case.passed_rules.iter().map(|it| (&*it.name, &*it.evaluated)));
            findings.extend(case.failed_rules.iter().map(|it| {
                let evaluated = it.evaluated.join(", ");
                let problem = format!("is to be {}, and is {evaluated}", it.expected);
                Finding::new(&it.name, &case.name, problem)
            }));
        }
    }
    for (rule, file) in rules {
        for outcome in ["PASS", "FAIL"] {
            if !seen.contains(&(rule, outcome)) {
                let problem = format!("add a test that expects {outcome}");
                findings.push(Finding::new(rule, tests_of(file), problem));
            }
        }
    }
    let judge =
        format!("cfn-guard: the rules themselves: {held} expectations of {} rules", rules.len());
    Ok(Verdict { judge, findings })
}

/// Where Guard looks for the tests of a file of rules.
fn tests_of(file: &str) -> String {
    format!("rules/tests/{}_tests.yaml", file.trim_end_matches(".guard"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::from([("TRACED".to_owned(), "lambda.guard".to_owned())])
    }

    fn findings(said: &str) -> Vec<Finding> {
        verdict(said.as_bytes(), &rules()).unwrap().findings
    }

    #[test]
    fn a_rule_that_has_passed_and_failed_is_tried() {
        let said = r#"[{ "rule_file": "rules/lambda.guard", "test_cases": [
            { "name": "good", "passed_rules": [{ "name": "TRACED", "evaluated": "PASS" }],
              "failed_rules": [], "skipped_rules": [] },
            { "name": "bad", "passed_rules": [{ "name": "TRACED", "evaluated": "FAIL" }],
              "failed_rules": [], "skipped_rules": [{ "name": "OTHER" }] }
        ] }]"#;
        let verdict = verdict(said.as_bytes(), &rules()).unwrap();
        assert_eq!(verdict.findings, []);
        assert!(verdict.judge.ends_with(": 2 expectations of 1 rules"), "{}", verdict.judge);
    }

    #[test]
    fn a_rule_that_cannot_fail_is_found() {
        let said = r#"[{ "rule_file": "rules/lambda.guard", "test_cases": [
            { "name": "good", "passed_rules": [{ "name": "TRACED", "evaluated": "PASS" }],
              "failed_rules": [], "skipped_rules": [] },
            { "name": "bad", "passed_rules": [], "skipped_rules": [],
              "failed_rules": [{ "name": "TRACED", "expected": "FAIL", "evaluated": ["PASS"] }] }
        ] }]"#;
        assert_eq!(
            findings(said),
            [
                Finding::new("TRACED", "bad", "is to be FAIL, and is PASS"),
                Finding::new(
                    "TRACED",
                    "rules/tests/lambda_tests.yaml",
                    "add a test that expects FAIL"
                ),
            ]
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_found_and_so_are_its_rules() {
        let said =
            r#"[{ "rule_file": "rules/lambda.guard", "error": "Parser Error\n at line 3" }]"#;
        let findings = findings(said);
        let unreadable = Finding::new("unreadable", "rules/lambda.guard", "Parser Error at line 3");
        assert_eq!(findings.first(), Some(&unreadable));
        assert_eq!(findings.len(), 3);
    }
}
