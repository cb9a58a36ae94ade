//! What a client sees that a tool nobody here wrote generates from openapi.yaml: every operation and
//! every answer is in it, its types fit together, and a program that is written with it, strictly
//! typed, takes the walk-through.
//!
//! It is written into the target folder and not shipped.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use repo::template::repository;
use repo::tools::tools;

use crate::contract::contract;
use crate::stack;

const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/generated-client");
const PACKAGE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/generated-client/healthcare_client");
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/http/generated_client");

#[test]
fn a_generated_client_takes_the_walk_through() {
    let tools = tools("openapi-python-client");
    let walk_through = format!("{SOURCES}/walk_through.py");

    fs::create_dir_all(FOLDER).unwrap();
    if Path::new(PACKAGE).exists() {
        fs::remove_dir_all(PACKAGE).unwrap();
    }
    let mut generate = Command::new(tools.join("openapi-python-client"));
    generate.args(["generate", "--meta", "none", "--output-path", PACKAGE]);
    generate.arg("--path").arg(repository().join("openapi.yaml"));
    // Whatever it does not understand it leaves out, with a warning.
    generate.args(["--config", &format!("{SOURCES}/config.yaml"), "--fail-on-warning"]);
    succeeds(generate, "openapi-python-client does not understand openapi.yaml");

    let operations = contract().operations().iter();
    let operations: BTreeSet<_> = operations.map(|it| it.id.replace('-', "_")).collect();
    assert_eq!(modules(Path::new(PACKAGE)), operations, "the client's operations");

    let mut check = Command::new(tools.join("mypy"));
    check.args(["--strict", "--cache-dir", &format!("{FOLDER}/mypy"), PACKAGE, &walk_through]);
    check.env("MYPYPATH", FOLDER);
    succeeds(check, "mypy does not agree");

    let mut walk = Command::new(tools.join("python"));
    walk.args([walk_through.as_str(), stack::url()]);
    // Nothing is to be written into the repository.
    walk.env("PYTHONPATH", FOLDER).env("PYTHONDONTWRITEBYTECODE", "1");
    if stack::is_own() {
        // Whatever HTTP_PROXY says: it cannot reach this machine's 127.0.0.1.
        walk.env("no_proxy", "127.0.0.1");
    }
    succeeds(walk, "the walk-through ends early");
}

/// The names of the client's operations, each of which is a module in a folder for its tag.
fn modules(package: &Path) -> BTreeSet<String> {
    let entries = |folder: &Path| fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let folders = entries(&package.join("api")).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder));
    let names = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| !name.starts_with("__")).collect()
}

#[track_caller]
fn succeeds(mut command: Command, problem: &str) {
    let output = command.output().expect("an installed tool runs");
    assert!(
        output.status.success(),
        "{problem}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
