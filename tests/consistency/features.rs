//! Tests and tools have the same features of their common dependencies. Otherwise cargo would build these dependencies,
//! among them an SDK and a database, once for `cargo test` and once more for the tools.

use std::collections::{BTreeMap, BTreeSet};

use repo::cargo::cargo;
use repo::root::repository;

use crate::Outcome;

#[test]
fn tests_and_tools_have_the_same_features_of_their_dependencies() -> Outcome {
    let of_tests = features(&["--edges", "normal,build,dev"])?;
    let of_tools = features(&["--edges", "normal,build", "--package", "xtask"])?;
    let (mut common, mut different) = (0, Vec::new());
    for (package, tools) in &of_tools {
        let Some(tests) = of_tests.get(package) else { continue };
        common += 1;
        if !tools.is_subset(tests) {
            different.push(format!("{package}: tools {tools:?}, tests {tests:?}"));
        }
    }
    assert!(common > 100, "only {common} packages are common");
    assert!(different.is_empty(), "features differ:\n  {}", different.join("\n  "));
    Ok(())
}

/// Returns the sets of features with which each dependency of the selected packages is built: one, or one for the
/// program and one for build scripts and macros.
fn features(
    selection: &[&str],
) -> Result<BTreeMap<String, BTreeSet<String>>, Box<dyn std::error::Error>> {
    let mut command = cargo();
    command.args(["tree", "--prefix", "none", "--format", "{p}|{f}"]).args(selection);
    let output = command.current_dir(repository()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut features = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        if let Some((package, of_package)) = line.split_once('|') {
            // cargo marks a package that it has printed before.
            let of_package = of_package.trim_end_matches(" (*)").to_owned();
            features.entry(package.to_owned()).or_default().insert(of_package);
        }
    }
    Ok(features)
}
