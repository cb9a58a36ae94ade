//! An endpoint's part of template.yaml is short enough to read.

use std::fs;

use repo::root::repository;
use repo::template::Template;

use crate::Outcome;

/// The most lines of a part.
const LIMIT: usize = 45;

#[test]
fn part_of_every_endpoint_is_short() -> Outcome {
    let text = fs::read_to_string(repository().join("template.yaml"))?;
    let mut wrong = Vec::new();
    for function in Template::load()?.functions.values() {
        let id = &function.logical_id;
        let lines = lines_of_part(&text, id);
        if !(1..=LIMIT).contains(&lines) {
            wrong.push(format!("{id} has {lines}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "template.yaml: a function, its role and its policy have at most {LIMIT} lines: {}",
        wrong.join(", ")
    );
    Ok(())
}

/// Counts the lines of a function, its role and its policy, with the comments directly above and the blank lines
/// between them.
fn lines_of_part(template: &str, id: &str) -> usize {
    let keys = ["", "Role", "Policy"].map(|suffix| format!("  {id}{suffix}:"));
    let mut is_part = false;
    let resources = template.split("\n\n").filter(|block| {
        let first = block.lines().find(|line| !line.starts_with("  #")).unwrap_or_default();
        // A block that begins deeper continues the resource before it.
        if !first.starts_with("   ") {
            is_part = keys.iter().any(|key| key == first);
        }
        is_part
    });
    // A blank line follows each, except the last.
    resources.map(|resource| resource.lines().count() + 1).sum::<usize>().saturating_sub(1)
}

#[test]
fn comments_and_blank_lines_of_a_part_count() {
    let template = "Resources:\n\n  # A comment.\n  Health:\n    Type: A\n\n    Properties: {}\n\n  HealthRole:\n    Type: B\n\n  Docs:\n";
    assert_eq!(lines_of_part(template, "Health"), 8);
    assert_eq!(lines_of_part(template, "Absent"), 0);
}
