//! The binaries to measure, built as for a deployment or as for development.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use ops::process_group::ProcessGroup;
use ops::{Result, ui};
use repo::cargo::{self, MESSAGES};
use repo::root::repository;
use repo::template::Template;
use tokio::io::AsyncReadExt;

/// The package that every function is compared with.
pub const BARE: &str = "bare";

/// The package that does the same as the function [`STOCK_OF`], with the default features of its crates.
pub const STOCK: &str = "stock";
pub const STOCK_OF: &str = "health";

/// Returns the function whose event a binary gets: its own if it is a function, otherwise that of [`STOCK_OF`].
pub fn called_as(name: &str) -> &str {
    if [BARE, STOCK].contains(&name) { STOCK_OF } else { name }
}

/// The kind of build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

/// Returns these functions, or all if none is named.
pub fn chosen(names: &[String], template: &Template) -> Result<Vec<String>> {
    if names.is_empty() {
        return Ok(template.functions.keys().cloned().collect());
    }
    for name in names {
        if !template.functions.contains_key(name) {
            let all: Vec<_> = template.functions.keys().map(String::as_str).collect();
            let all = all.join(", ");
            return Err(format!("{name} is not a function; the functions are {all}").into());
        }
    }
    Ok(names.to_vec())
}

/// Builds functions and returns their binaries by their names.
pub async fn functions(names: &[String], profile: Profile) -> Result<BTreeMap<String, PathBuf>> {
    ui::status("Building", format!("{} functions", names.len()));
    // Their features are those of all default members together, as in a build of everything.
    let chosen = names.iter().flat_map(|name| ["--bin".to_owned(), name.clone()]);
    let mut built = build(chosen, profile).await?;
    built.retain(|name, _| names.contains(name));
    Ok(built)
}

/// Builds a package under `tools/bench/` alone, so that it has only its own features, and returns its binary.
pub async fn of_package(name: &str) -> Result<PathBuf> {
    ui::status("Building", format!("the package {name}"));
    let folder = |path| repository().join(path).to_string_lossy().into_owned();
    let manifest = folder(format!("tools/bench/{name}/Cargo.toml"));
    let mut chosen = vec!["--manifest-path".to_owned(), manifest];
    if name == STOCK {
        // It is another workspace, and must write nothing to its folder.
        chosen.extend([
            "--locked".to_owned(),
            "--target-dir".to_owned(),
            folder("target/stock".to_owned()),
        ]);
    }
    let built = build(chosen, Profile::Release).await?.remove(name);
    built.ok_or_else(|| format!("cargo built no binary {name}").into())
}

async fn build(
    chosen: impl IntoIterator<Item = String>,
    profile: Profile,
) -> Result<BTreeMap<String, PathBuf>> {
    let mut cargo = cargo::cargo();
    cargo
        .current_dir(repository())
        .args(["build", MESSAGES])
        .args((profile == Profile::Release).then_some("--release"))
        .args(chosen)
        .stdout(Stdio::piped());
    let mut cargo = ProcessGroup::spawn(cargo)?;
    let mut messages = String::new();
    if let Some(mut stdout) = cargo.stdout() {
        stdout.read_to_string(&mut messages).await?;
    }
    if cargo.wait().await?.success() {
        Ok(cargo::executables(&messages))
    } else {
        Err("this does not build; cargo's errors are above".into())
    }
}
