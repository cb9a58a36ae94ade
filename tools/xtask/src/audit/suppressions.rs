//! Suppressed rules: Metadata in template.yaml suppresses a rule for a resource, the settings of a linter leave it out
//! for all. docs/security.md has the reasons.

use std::collections::BTreeSet;

use ops::Result;
use repo::template::Template;
use serde_json::Value;

use super::findings::{Finding, Findings};
use super::{checkov, guard};

/// The heading in docs/security.md of the section with a table of rule, resource, reason.
const SECTION: &str = "## Checks of the linters that do not apply";

/// The place in the Metadata with the rules that a resource suppresses; checkov also reads a comment there.
const BY_NAME: [&str; 2] = ["/cfn-lint/config/ignore_checks", "/guard/SuppressedRules"];
const WITH_COMMENT: &str = "/checkov/skip";

/// The place of a rule that is left out for all resources. In the table its first word is followed by the type to which
/// the rule would apply: "every function".
const EVERYWHERE: &str = "every resource";

/// A rule, and a resource's logical id or [`EVERYWHERE`].
type Suppression<'a> = (&'a str, &'a str);

/// Returns the names of all rules that at least one resource suppresses.
pub fn suppressed(template: &Template) -> BTreeSet<&str> {
    in_template(template).into_iter().map(|(rule, _)| rule).collect()
}

/// Returns the names of all rules that the settings of a linter leave out for all resources.
pub fn left_out() -> Result<BTreeSet<String>> {
    let mut rules = checkov::left_out()?;
    rules.append(&mut guard::left_out()?);
    Ok(rules)
}

/// Checks that exactly the suppressed rules have a reason. `left_out` are those that the linters' settings leave out.
pub fn check(template: &Template, left_out: &BTreeSet<String>, security: &str) -> Findings {
    let mut suppressed = in_template(template);
    suppressed.extend(left_out.iter().map(|rule| (rule.as_str(), EVERYWHERE)));
    let mut list = uncommented(template);
    let mut explained = BTreeSet::new();
    for row in rows(security) {
        if row.reason.is_empty() {
            list.push(Finding::new(row.rules.join(", "), "docs/security.md", "add the reason"));
        }
        for place in row.places() {
            explained.extend(row.rules.iter().map(|rule| (*rule, place)));
        }
    }
    list.extend(suppressed.difference(&explained).map(|(rule, resource)| {
        let problem = "is suppressed: add the reason to the table in docs/security.md";
        Finding::new(*rule, *resource, problem)
    }));
    list.extend(explained.difference(&suppressed).map(|(rule, resource)| {
        let problem = "is in the table in docs/security.md, but nothing suppresses it";
        Finding::new(*rule, *resource, problem)
    }));
    let check = format!("suppressions: {}, each with its reason", suppressed.len());
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
    fn places(&self) -> Vec<&'a str> {
        if self.place.starts_with("every ") { vec![EVERYWHERE] } else { code(self.place) }
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
