//! Suppressed rules: Metadata of a resource in template.yaml suppresses them, and docs/security.md has the reason.

use std::collections::BTreeSet;

use repo::template::Template;
use serde_json::Value;

use super::findings::{Finding, Findings};

/// The heading in docs/security.md of the section with a table of rule, resource, reason.
const SECTION: &str = "## Checks of the linters that do not apply";

/// The place in the Metadata with the rules that a resource suppresses; checkov also reads a comment there.
const BY_NAME: [&str; 2] = ["/cfn-lint/config/ignore_checks", "/guard/SuppressedRules"];
const WITH_COMMENT: &str = "/checkov/skip";

/// The table's words for all resources of a type.
const KINDS: [(&str, &str); 2] =
    [("every function", "AWS::Serverless::Function"), ("every log group", "AWS::Logs::LogGroup")];

/// A rule, and a resource's logical id.
type Suppression<'a> = (&'a str, &'a str);

/// Returns the names of all rules that at least one resource suppresses.
pub fn suppressed(template: &Template) -> BTreeSet<&str> {
    in_template(template).into_iter().map(|(rule, _)| rule).collect()
}

pub fn check(template: &Template, security: &str) -> Findings {
    let in_template = in_template(template);
    let mut list = uncommented(template);
    let mut explained = BTreeSet::new();
    for row in rows(security) {
        if row.reason.is_empty() {
            list.push(Finding::new(row.rules.join(", "), "docs/security.md", "add the reason"));
        }
        for resource in row.resources(template) {
            explained.extend(row.rules.iter().map(|rule| (*rule, resource)));
        }
    }
    list.extend(in_template.difference(&explained).map(|(rule, resource)| {
        let problem = "is suppressed: add the reason to the table in docs/security.md";
        Finding::new(*rule, *resource, problem)
    }));
    list.extend(explained.difference(&in_template).map(|(rule, resource)| {
        let problem = "is in the table in docs/security.md, but template.yaml does not suppress it";
        Finding::new(*rule, *resource, problem)
    }));
    let check = format!("suppressions: {}, each with its reason", in_template.len());
    Findings { check, list }
}

fn in_template(template: &Template) -> BTreeSet<Suppression<'_>> {
    let mut all = BTreeSet::new();
    for (logical_id, resource) in &template.resources {
        let by_name = BY_NAME.iter().flat_map(|list| listed(&resource.metadata, list));
        let names = by_name.filter_map(Value::as_str);
        let ids = listed(&resource.metadata, WITH_COMMENT).filter_map(|it| it.get("id")?.as_str());
        all.extend(names.chain(ids).map(|rule| (rule, logical_id.as_str())));
    }
    all
}

/// Returns the suppressions for checkov that have no comment; checkov itself does not require one.
fn uncommented(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (logical_id, resource) in &template.resources {
        for skip in listed(&resource.metadata, WITH_COMMENT) {
            let text = |member: &str| skip.get(member).and_then(Value::as_str).unwrap_or_default();
            if text("comment").trim().is_empty() {
                let problem = "is suppressed without a comment";
                findings.push(Finding::new(text("id"), logical_id, problem));
            }
        }
    }
    findings
}

fn listed<'a>(metadata: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    metadata.pointer(list).and_then(Value::as_array).into_iter().flatten()
}

/// `` | `RULE`, `ANOTHER` | `Resource` | reason | ``
struct Row<'a> {
    rules: Vec<&'a str>,
    place: &'a str,
    reason: &'a str,
}

impl<'a> Row<'a> {
    fn resources<'b>(&self, template: &'b Template) -> Vec<&'b str>
    where
        'a: 'b,
    {
        let kind = KINDS.iter().find(|(words, _)| *words == self.place);
        match kind {
            Some((_, kind)) => {
                let all = template.resources.iter().filter(|(_, it)| it.kind == *kind);
                all.map(|(logical_id, _)| logical_id.as_str()).collect()
            }
            None => code(self.place),
        }
    }
}

fn rows(security: &str) -> impl Iterator<Item = Row<'_>> {
    let section = security.lines().skip_while(|line| *line != SECTION).skip(1);
    let section = section.take_while(|line| !line.starts_with("## "));
    section.filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let rules = code(cells.next()?);
        let row = Row { rules, place: cells.next()?, reason: cells.next()? };
        // A row without rules is the table's head.
        (!row.rules.is_empty()).then_some(row)
    })
}

/// Returns the texts between backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests;
