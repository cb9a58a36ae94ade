//! cfn-guard, with the rules of the folder rules/: on what SAM makes of the template, and on the rules' own tests.

mod report;
mod tests_report;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use ops::Result;
use repo::template::repository;

use super::scratch::Scratch;
use super::verdict::Verdict;

/// In the repository.
const RULES: &str = "rules";

/// Each rule's name, and the file that it stands in.
pub type Rules = BTreeMap<String, String>;

/// The rules that there are. Guard itself passes over a file that it cannot read.
pub fn rules() -> Result<Rules> {
    let mut rules = Rules::new();
    for entry in fs::read_dir(repository().join(RULES))? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "guard") {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for line in fs::read_to_string(&path)?.lines() {
                let name = line.strip_prefix("rule ").and_then(|it| it.split_whitespace().next());
                rules.extend(name.map(|name| (name.to_owned(), file.clone())));
            }
        }
    }
    Ok(rules)
}

/// Whether the rules do what their tests say, and every rule has been seen to pass and to fail.
pub async fn judge_rules(executable: &Path, rules: &Rules, scratch: &Scratch) -> Result<Verdict> {
    let mut command = Command::new(executable);
    command.args(["test", "--dir", RULES, "--output-format", "json"]);
    tests_report::verdict(&scratch.said("guard-tests", command).await?, rules)
}

/// Whether what SAM made of the template keeps the rules. `suppressed` are those that some resource need not keep.
pub async fn judge(
    executable: &Path,
    expanded: &Path,
    rules: &Rules,
    suppressed: &BTreeSet<&str>,
    scratch: &Scratch,
) -> Result<Verdict> {
    let mut command = Command::new(executable);
    command
        .args(["validate", "--rules", RULES, "--structured", "--output-format", "json"])
        .args(["--show-summary", "none", "--data"])
        .arg(expanded);
    report::verdict(&scratch.said("guard", command).await?, rules, suppressed)
}
