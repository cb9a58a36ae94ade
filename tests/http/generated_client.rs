//! Generates a client from openapi.yaml with an independent tool. The client has every operation, its types are
//! consistent, and a strictly typed program completes the walk-through with it.
//!
//! The client is written into the target folder and not shipped.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use repo::root::repository;
use repo::tools::tools;

use crate::contract::contract;
use crate::stack;

#[test]
fn generated_client_completes_the_walk_through() {
    let tools = tools("openapi-python-client");
    let sources = repository().join("tests/http/generated_client");
    let walk_through = sources.join("walk_through.py");
    let folder = stack::scratch("generated-client");
    let package = folder.join("healthcare_client");

    fs::create_dir_all(&folder).unwrap();
    if package.exists() {
        fs::remove_dir_all(&package).unwrap();
    }
    let mut generate = Command::new(tools.join("openapi-python-client"));
    generate.args(["generate", "--meta", "none", "--output-path"]).arg(&package);
    generate.arg("--path").arg(repository().join("openapi.yaml"));
    // The tool omits everything that it does not understand, with a warning.
    generate.arg("--config").arg(sources.join("config.yaml")).arg("--fail-on-warning");
    assert_succeeds(generate, "openapi-python-client fails on openapi.yaml");

    let operations = contract().operations().iter();
    let operations: BTreeSet<_> = operations.map(|it| it.id.replace('-', "_")).collect();
    assert_eq!(modules(&package), operations, "the client has other operations than openapi.yaml");

    let mut check = Command::new(tools.join("mypy"));
    check.args(["--strict", "--cache-dir"]).arg(folder.join("mypy"));
    check.args([&package, &walk_through]).env("MYPYPATH", &folder);
    assert_succeeds(check, "mypy reports errors");

    let mut walk = Command::new(tools.join("python"));
    walk.arg(&walk_through).arg(stack::url());
    // Keeps Python from writing bytecode into the repository.
    walk.env("PYTHONPATH", &folder).env("PYTHONDONTWRITEBYTECODE", "1");
    if stack::is_own() {
        // A proxy from HTTP_PROXY cannot reach this machine's 127.0.0.1.
        walk.env("no_proxy", "127.0.0.1");
    }
    assert_succeeds(walk, "the walk-through fails");
}

/// Returns the names of the client's operations. Each is a module in the folder of its tag.
fn modules(package: &Path) -> BTreeSet<String> {
    let entries = |folder: &Path| fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let folders = entries(&package.join("api")).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder));
    let names = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| !name.starts_with("__")).collect()
}

#[track_caller]
fn assert_succeeds(mut command: Command, problem: &str) {
    let output = command.output().expect("cannot run the tool");
    assert!(
        output.status.success(),
        "{problem}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
