//! `cargo xtask generate`: writes the files that are generated.

use std::fs;
use std::path::Path;

use ops::{Result, ui};
use repo::generated;
use repo::openapi::Contract;
use repo::root::repository;
use repo::template::Template;
use shared::testing::{access_page, costs};

#[derive(clap::Args)]
pub struct Options {
    /// Also run the functions' tests that observe calls to DynamoDB, and write docs/reference/calls.md
    #[arg(long)]
    calls: bool,
}

pub fn run(options: &Options) -> Result {
    for (path, content) in generated::stale(&Template::load()?)? {
        write(path, &content)?;
    }
    write(access_page::PAGE, &access_page::page(&Contract::load()?))?;
    if options.calls {
        write(costs::PAGE, &costs::page(&observed()?))?;
    }
    Ok(())
}

/// Writes a file below the repository's root unless it has this content.
fn write(path: &str, content: &str) -> Result {
    let file = repository().join(path);
    if fs::read_to_string(&file).ok().as_deref() != Some(content) {
        fs::write(&file, content).map_err(|error| format!("cannot write {path}: {error}"))?;
        ui::status("Wrote", path);
    }
    Ok(())
}

/// Runs the tests that observe the calls of a function, and returns the rows that they wrote.
fn observed() -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let functions = Template::load()?.functions;
    let mut cargo = repo::cargo::cargo();
    cargo.args(["test", "--quiet", "--package", "tests", "--test", "functions"]);
    cargo.args(["--", "tests::survives_a_dynamodb_that_fails"]);
    cargo.current_dir(repository()).env(costs::RECORD, folder.path());
    if !cargo.status()?.success() {
        return Err("the tests that observe calls fail; their errors are above".into());
    }
    let with_calls = functions.keys().filter(|name| !costs::WITHOUT_CALLS.contains(&name.as_str()));
    with_calls.map(|name| row(folder.path(), name)).collect()
}

/// Returns the row of a function.
fn row(folder: &Path, function: &str) -> Result<String> {
    fs::read_to_string(folder.join(function))
        .map_err(|_| format!("no test of {function} observes its calls").into())
}
