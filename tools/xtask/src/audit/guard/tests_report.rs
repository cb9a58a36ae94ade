//! The report of `cfn-guard test` on the rules.

use std::collections::BTreeSet;

use ops::Result;
use serde::Deserialize;

use super::{RULES, Rules};
use crate::audit::findings::{Finding, Findings};

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
    failed_rules: Vec<Unexpected>,
}

#[derive(Deserialize)]
struct AsExpected {
    name: String,
    /// `PASS`, `FAIL` or `SKIP`.
    evaluated: String,
}

#[derive(Deserialize)]
struct Unexpected {
    name: String,
    expected: String,
    evaluated: Vec<String>,
}

pub fn findings(report: &[u8], rules: &Rules) -> Result<Findings> {
    let files: Vec<File> = serde_json::from_slice(report).map_err(|error| {
        format!("cfn-guard wrote no report on the tests ({error}); its errors are above")
    })?;
    let mut list = Vec::new();
    let mut seen = BTreeSet::new();
    let mut passed: usize = 0;
    for file in &files {
        if let Some(error) = &file.error {
            let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
            list.push(Finding::new("unreadable", &file.rule_file, error));
        }
        for case in &file.test_cases {
            passed = passed.saturating_add(case.passed_rules.len());
            seen.extend(case.passed_rules.iter().map(|it| (&*it.name, &*it.evaluated)));
            list.extend(case.failed_rules.iter().map(|it| {
                let evaluated = it.evaluated.join(", ");
                let problem = format!("expected {}, but was {evaluated}", it.expected);
                Finding::new(&it.name, &case.name, problem)
            }));
        }
    }
    for (rule, file) in rules {
        for outcome in ["PASS", "FAIL"] {
            if !seen.contains(&(rule, outcome)) {
                let problem = format!("add a test that expects {outcome}");
                list.push(Finding::new(rule, tests_of(file), problem));
            }
        }
    }
    let check = format!("cfn-guard: tests of {} rules: {passed} expectations", rules.len());
    Ok(Findings { check, list })
}

/// Returns the file in which Guard looks for the tests of a file of rules.
fn tests_of(file: &str) -> String {
    format!("{RULES}/tests/{}_tests.yaml", file.trim_end_matches(".guard"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::from([("TRACED".to_owned(), "lambda.guard".to_owned())])
    }

    fn list(report: &str) -> Vec<Finding> {
        findings(report.as_bytes(), &rules()).unwrap().list
    }

    #[test]
    fn rule_that_passes_and_fails_is_tested() {
        let report = r#"[{ "rule_file": "tools/rules/lambda.guard", "test_cases": [
            { "name": "good", "passed_rules": [{ "name": "TRACED", "evaluated": "PASS" }],
              "failed_rules": [], "skipped_rules": [] },
            { "name": "bad", "passed_rules": [{ "name": "TRACED", "evaluated": "FAIL" }],
              "failed_rules": [], "skipped_rules": [{ "name": "OTHER" }] }
        ] }]"#;
        let findings = findings(report.as_bytes(), &rules()).unwrap();
        assert_eq!(findings.list, []);
        assert!(findings.check.ends_with(" 1 rules: 2 expectations"), "{}", findings.check);
    }

    #[test]
    fn rule_that_cannot_fail_is_reported() {
        let report = r#"[{ "rule_file": "tools/rules/lambda.guard", "test_cases": [
            { "name": "good", "passed_rules": [{ "name": "TRACED", "evaluated": "PASS" }],
              "failed_rules": [], "skipped_rules": [] },
            { "name": "bad", "passed_rules": [], "skipped_rules": [],
              "failed_rules": [{ "name": "TRACED", "expected": "FAIL", "evaluated": ["PASS"] }] }
        ] }]"#;
        assert_eq!(
            list(report),
            [
                Finding::new("TRACED", "bad", "expected FAIL, but was PASS"),
                Finding::new(
                    "TRACED",
                    "tools/rules/tests/lambda_tests.yaml",
                    "add a test that expects FAIL"
                ),
            ]
        );
    }

    #[test]
    fn unreadable_file_and_its_rules_are_reported() {
        let report =
            r#"[{ "rule_file": "tools/rules/lambda.guard", "error": "Parser Error\n at line 3" }]"#;
        let list = list(report);
        let unreadable =
            Finding::new("unreadable", "tools/rules/lambda.guard", "Parser Error at line 3");
        assert_eq!(list.first(), Some(&unreadable));
        assert_eq!(list.len(), 3);
    }
}
