//! A bill of materials (CycloneDX 1.6) for each function: the crates in its binary, with their licences and checksums.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ops::{Result, ui};
use repo::cargo::cargo;
use repo::root::repository;
use repo::template::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

/// The folder of the files, in the repository.
const FOLDER: &str = "target/sbom";

/// The SHA-256 of each crate's file, by name and version.
type Checksums = BTreeMap<(String, String), String>;

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// A package of this workspace has none.
    checksum: Option<String>,
}

/// Writes `target/sbom/<function>.cdx.json` for each function.
pub fn write(stage: &Stage) -> Result {
    let folder = repository().join(FOLDER);
    fs::create_dir_all(&folder)?;
    let checksums = checksums(&fs::read_to_string(repository().join("Cargo.lock"))?)?;
    let functions = Template::load()?.functions;
    for function in functions.keys() {
        let bill = bill(function, &tree(function, stage)?, &checksums);
        fs::write(file(&folder, function), serde_json::to_vec_pretty(&bill)?)?;
    }
    ui::status("Listed", format!("the crates of {} functions in {FOLDER}", functions.len()));
    Ok(())
}

fn file(folder: &Path, function: &str) -> PathBuf {
    folder.join(function).with_added_extension("cdx.json")
}

/// Returns the crates that are linked into a function's binary, a line for each: name, version, licence.
fn tree(function: &str, stage: &Stage) -> Result<String> {
    let processor = if stage.is_arm64() { "aarch64" } else { "x86_64" };
    let mut cargo = cargo();
    cargo.args(["tree", "--locked", "--package", function]);
    cargo.args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}"]);
    cargo.args(["--target", &format!("{processor}-unknown-linux-gnu")]);
    let output = cargo.current_dir(repository()).output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(format!("cargo cannot list the crates of {function}: {errors}").into())
    }
}

fn checksums(lock: &str) -> Result<Checksums> {
    let Lock { package } =
        toml::from_str(lock).map_err(|error| format!("Cargo.lock is not valid: {error}"))?;
    let checksums =
        package.into_iter().filter_map(|it| Some(((it.name, it.version), it.checksum?)));
    Ok(checksums.collect())
}

/// Returns the bill of a function from the lines of its tree, such as `serde v1.0.1 (*)|MIT OR Apache-2.0`.
fn bill(function: &str, tree: &str, checksums: &Checksums) -> Value {
    let crates: BTreeSet<_> = tree.lines().filter_map(read).collect();
    let own = crates.iter().find(|(name, ..)| *name == function);
    let version = own.map_or("", |&(_, version, _)| version);
    let components = crates.iter().filter(|(name, ..)| *name != function);
    let components: Vec<_> = components
        .map(|(name, version, license)| component(name, version, license, checksums))
        .collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": { "type": "application", "name": function, "version": version } },
        "components": components,
    })
}

fn read(line: &str) -> Option<(&str, &str, &str)> {
    let (package, license) = line.split_once('|')?;
    let mut words = package.split_whitespace();
    let (name, version) = (words.next()?, words.next()?);
    Some((name, version.strip_prefix('v')?, license.trim_end_matches("(*)").trim()))
}

fn component(name: &str, version: &str, license: &str, checksums: &Checksums) -> Value {
    let mut component = json!({ "type": "library", "name": name, "version": version });
    let checksum = checksums.get(&(name.to_owned(), version.to_owned()));
    // Only a crate from the registry has a checksum, and an address there.
    let of_registry = checksum.map(|checksum| {
        let address = json!(format!("pkg:cargo/{name}@{version}"));
        [("purl", address), ("hashes", json!([{ "alg": "SHA-256", "content": checksum }]))]
    });
    let licenses = (!license.is_empty()).then(|| ("licenses", json!([{ "expression": license }])));
    if let Some(members) = component.as_object_mut() {
        let more = of_registry.into_iter().flatten().chain(licenses);
        members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bill_lists_each_crate_once_with_its_checksum() {
        let lock = "[[package]]\nname = \"ring\"\nversion = \"0.17.1\"\nchecksum = \"ab\"\n\
                    [[package]]\nname = \"shared\"\nversion = \"0.1.0\"\n";
        let tree = "health v0.1.0 (/somewhere/functions/health)|MIT\nshared v0.1.0 (/somewhere)|MIT\n\
                    ring v0.17.1|Apache-2.0 AND ISC\nring v0.17.1|Apache-2.0 AND ISC (*)\n\n";
        let bill = bill("health", tree, &checksums(lock).unwrap());
        assert_eq!(bill["metadata"]["component"]["name"], "health");
        assert_eq!(bill["metadata"]["component"]["version"], "0.1.0");
        assert_eq!(
            bill["components"],
            json!([
                { "type": "library", "name": "ring", "version": "0.17.1", "purl": "pkg:cargo/ring@0.17.1",
                  "hashes": [{ "alg": "SHA-256", "content": "ab" }],
                  "licenses": [{ "expression": "Apache-2.0 AND ISC" }] },
                { "type": "library", "name": "shared", "version": "0.1.0",
                  "licenses": [{ "expression": "MIT" }] },
            ])
        );
        assert!(!bill.to_string().contains("somewhere"));
    }

    #[test]
    fn this_repositorys_functions_have_bills() {
        let stage = crate::sam::tests::stage("x86_64");
        let checksums =
            checksums(&fs::read_to_string(repository().join("Cargo.lock")).unwrap()).unwrap();
        let bill = bill("not-found", &tree("not-found", &stage).unwrap(), &checksums);
        let components = bill["components"].as_array().unwrap();
        let names: Vec<_> = components.iter().filter_map(|it| it["name"].as_str()).collect();
        assert!(names.contains(&"lambda_http"), "{names:?}");
        assert!(!names.contains(&"dynoxide-rs"), "{names:?}");
    }
}
