//! cfn-guard with the rules in tools/rules/: checks the template as SAM expands it, and runs the rules' own tests.

mod report;
mod tests_report;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use ops::Result;
use repo::root::repository;

use super::findings::Findings;
use super::scratch::Scratch;

/// The folder of the rules, in the repository.
const RULES: &str = "tools/rules";

/// The beginning of a comment with the name of a registry's rule that a file does not have.
const LEFT_OUT: &str = "# left out: ";

/// The name of each rule, and its file.
pub type Rules = BTreeMap<String, String>;

/// Reads the names of all rules, because Guard skips files that it cannot read.
pub fn rules() -> Result<Rules> {
    named("rule ")
}

/// Returns the names of the registry's rules that the files leave out for all resources.
pub fn left_out() -> Result<BTreeSet<String>> {
    Ok(named(LEFT_OUT)?.into_keys().collect())
}

/// Returns the word after a beginning of lines, and its file, for each such line.
fn named(beginning: &str) -> Result<Rules> {
    let mut rules = Rules::new();
    for entry in fs::read_dir(repository().join(RULES))? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "guard") {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for line in fs::read_to_string(&path)?.lines() {
                let name = line.strip_prefix(beginning).and_then(|it| it.split_whitespace().next());
                rules.extend(name.map(|name| (name.to_owned(), file.clone())));
            }
        }
    }
    Ok(rules)
}

/// Runs the rules' tests, in which every rule must pass and fail at least once.
pub async fn test_rules(executable: &Path, rules: &Rules, scratch: &Scratch) -> Result<Findings> {
    let mut command = Command::new(executable);
    command.args(["test", "--dir", RULES, "--output-format", "json"]);
    tests_report::findings(&scratch.output("guard-tests", command).await?, rules)
}

/// Checks the expanded template. `suppressed` are the rules that at least one resource suppresses.
pub async fn check(
    executable: &Path,
    expanded: &Path,
    rules: &Rules,
    suppressed: &BTreeSet<&str>,
    scratch: &Scratch,
) -> Result<Findings> {
    let mut command = Command::new(executable);
    command
        .args(["validate", "--rules", RULES, "--structured", "--output-format", "json"])
        .args(["--show-summary", "none", "--data"])
        .arg(expanded);
    report::findings(&scratch.output("guard", command).await?, rules, suppressed)
}
