//! The template, the contract, the folders, the events and the generated files are consistent.

mod access;
mod contract;
mod features;
mod modules;
mod stack;
mod template;

use std::collections::BTreeSet;
use std::error::Error;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

use repo::generated::stale;
use repo::openapi::Contract;
use repo::root::repository;
use repo::routes::by_path;
use repo::template::{ANY, Function, Template};
use serde_json::Value;
use shared::testing::costs::{PAGE, WITHOUT_CALLS};

/// The file with the benchmark's events, one for each function.
const BENCHMARK: &str = "tools/bench/src/functions/operations.rs";

type Outcome = Result<(), Box<dyn Error>>;

/// The functions without an operation: `not-found` answers unknown paths; the others have no route.
const WITHOUT_OPERATION: [&str; 7] = [
    "assignments-lapse",
    "audit-archive",
    "audit-digest",
    "emergency-overdue",
    "handovers-run",
    "keys-rotate",
    "not-found",
];

#[test]
fn every_function_has_all_its_files_and_entries() -> Outcome {
    let in_template: BTreeSet<_> = Template::load()?.functions.into_keys().collect();
    let contract = Contract::load()?;
    let operations = contract.operations().iter();
    let in_contract: BTreeSet<_> = operations.map(|it| it.function().to_owned()).collect();
    let folders = folders()?;
    let events = names("events", |path| path.extension() == Some(OsStr::new("json")))?;

    let benchmark = fs::read_to_string(repository().join(BENCHMARK))?;
    let calls = fs::read_to_string(repository().join(PAGE)).unwrap_or_default();

    let mut missing = Vec::new();
    let everywhere = [&in_template, &in_contract, &folders, &events];
    for name in everywhere.into_iter().flatten().collect::<BTreeSet<_>>() {
        if !in_template.contains(name) {
            missing.push(format!("template.yaml: a function with the Binary {name}"));
        }
        if !in_contract.contains(name) && !WITHOUT_OPERATION.contains(&name.as_str()) {
            missing.push(format!("openapi.yaml: an operation of {name}"));
        }
        if !folders.contains(name) {
            missing.push(format!("functions/{name}/"));
        }
        if !repository().join(format!("functions/{name}/src/tests.rs")).is_file() {
            missing.push(format!("functions/{name}/src/tests.rs"));
        }
        if !events.contains(name) {
            missing.push(format!("events/{name}.json"));
        }
        if !benchmark.contains(&format!("\"{name}\"")) {
            missing.push(format!("{BENCHMARK}: an event of {name}"));
        }
        let needs_row = WITHOUT_CALLS.iter().all(|it| it != name);
        if needs_row && !calls.contains(&format!("| {name} |")) {
            missing.push(format!("{PAGE}: a row of {name}; run `cargo xtask generate --calls`"));
        }
    }
    assert!(missing.is_empty(), "missing:\n  {}", missing.join("\n  "));
    Ok(())
}

#[test]
fn every_function_has_the_same_name_everywhere() -> Outcome {
    let mut wrong = Vec::new();
    for (binary, function) in &Template::load()?.functions {
        let expected = camel_case(binary);
        if function.logical_id != expected {
            wrong.push(format!("template.yaml: {} must be named {expected}", function.logical_id));
        }
    }
    let packages = packages()?;
    for folder in folders()? {
        let package = packages.iter().find(|package| package.folder == folder);
        match package {
            None => wrong.push(format!("functions/{folder}: not a package of the workspace")),
            Some(Package { name, binaries, .. }) => {
                if *name != folder {
                    wrong.push(format!("functions/{folder}: the package is named {name}"));
                }
                if *binaries != [folder.as_str()] {
                    wrong.push(format!("functions/{folder}: the binaries are {binaries:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "names differ:\n  {}", wrong.join("\n  "));
    Ok(())
}

#[test]
fn generated_files_are_up_to_date() -> Outcome {
    let stale: Vec<_> = stale(&Template::load()?)?.into_iter().map(|(path, _)| path).collect();
    assert!(stale.is_empty(), "run `cargo xtask generate`; stale files: {}", stale.join(", "));
    Ok(())
}

/// Without this route, API Gateway answers 403 to a method that the path does not have.
#[test]
fn every_path_routes_its_other_methods_to_not_found() -> Outcome {
    let template = Template::load()?;
    let mut wrong = Vec::new();
    for (path, functions) in by_path(&template) {
        if functions.get(ANY) != Some(&"not-found") {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "template.yaml: NotFound has no route ANY for {}", wrong.join(", "));
    Ok(())
}

/// A function that reads the secret or writes a public key can mint tokens.
#[test]
fn only_minters_and_the_rotation_can_mint() -> Outcome {
    let mut wrong = Vec::new();
    for (name, function) in &Template::load()?.functions {
        let is_trusted = ["auth-login", "auth-refresh", "keys-rotate"].contains(&name.as_str());
        for statement in &function.statements {
            for action in &statement.actions {
                let (service, verb) = action.split_once(':').unwrap_or(("*", "*"));
                let reads = verb.starts_with("Get") || verb.starts_with("Query");
                let reads = reads || verb.starts_with("BatchGet") || verb.starts_with("Scan");
                let is_secret = service == "secretsmanager";
                let writes_keys = statement.resource.contains("KeysTable") && !reads;
                // X-Ray's actions have no resources.
                let is_everywhere = statement.resource == "*" && service != "xray";
                let is_broad = action.contains('*') || is_everywhere;
                if is_broad || (is_secret || writes_keys) && !is_trusted {
                    wrong.push(format!("{name}: {action} on {}", statement.resource));
                }
            }
        }
        let variables = ["TOKEN_SECRET", "TOKEN_SECRET_ARN"];
        if !is_trusted && variables.iter().any(|it| function.environment.contains_key(*it)) {
            wrong.push(format!("{name}: has the secret's variable"));
        }
    }
    assert!(wrong.is_empty(), "template.yaml grants too much:\n  {}", wrong.join("\n  "));
    Ok(())
}

/// The other functions only read it, with the public keys.
#[test]
fn only_the_rotation_writes_the_key_of_cursors() -> Outcome {
    let mut writing = Vec::new();
    for name in folders()? {
        let main = repository().join("functions").join(&name).join("src/main.rs");
        if fs::read_to_string(main)?.contains("cursor_keys()") {
            writing.push(name);
        }
    }
    assert_eq!(writing, ["keys-rotate"]);
    Ok(())
}

/// The comparison fails if a policy grants an unused permission. Each function's tests check the other direction.
#[test]
fn every_policy_is_compared_with_its_functions_calls() -> Outcome {
    let mut missing = Vec::new();
    for (name, function) in &Template::load()?.functions {
        let of_dynamodb = |action: &String| action.starts_with("dynamodb:");
        let touches_tables = function.statements.iter().flat_map(|it| &it.actions).any(of_dynamodb);
        let tests = format!("functions/{name}/src/tests.rs");
        let text = fs::read_to_string(repository().join(&tests))?;
        if touches_tables && !text.contains("checks::policy_grants_nothing_else") {
            missing.push(tests);
        }
    }
    assert!(missing.is_empty(), "no policy_grants_nothing_else in {}", missing.join(", "));
    Ok(())
}

/// Otherwise its tests would run nowhere or twice, or compare another function's policy.
#[test]
fn tests_of_every_function_run_once_and_name_it() -> Outcome {
    let mut wrong = Vec::new();
    for name in folders()? {
        let folder = repository().join("functions").join(&name);
        let manifest: toml::Value =
            toml::from_str(&fs::read_to_string(folder.join("Cargo.toml"))?)?;
        let binary = manifest.get("bin").and_then(|it| it.get(0)).and_then(|it| it.get("test"));
        let runs_alone = binary.and_then(toml::Value::as_bool) != Some(false);
        if runs_alone != folder.join("build.rs").exists() {
            wrong.push(format!(
                "functions/{name}/Cargo.toml: `test = false` unless it has a build.rs"
            ));
        }
        let tests = tests_of(&folder)?;
        for call in ["policy_grants_nothing_else(\"", "Event::of(\""] {
            for rest in tests.split(call).skip(1) {
                // Another function may be called to look at what this one did; then no policy is compared.
                let is_only_called = rest
                    .split_once('"')
                    .is_some_and(|(_, it)| it.starts_with(").without_policy()"));
                if !rest.starts_with(&format!("{name}\"")) && !is_only_called {
                    wrong.push(format!(
                        "the tests of functions/{name}: {call} names another function"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Returns the text of a function's tests: `tests.rs`, and the files of the folder `tests` if there is one.
fn tests_of(folder: &Path) -> io::Result<String> {
    let mut text = fs::read_to_string(folder.join("src/tests.rs"))?;
    let more = folder.join("src/tests");
    if more.is_dir() {
        for entry in fs::read_dir(more)? {
            text += &fs::read_to_string(entry?.path())?;
        }
    }
    Ok(text)
}

/// The functions that check or set passwords.
const HASHING: [&str; 5] = [
    "auth-invitation-accept",
    "auth-login",
    "auth-password",
    "auth-password-reset-confirm",
    "auth-register",
];

#[test]
fn only_hashing_functions_access_credentials() -> Outcome {
    let functions = Template::load()?.functions;
    let accessing = functions.iter().filter(|(_, function)| {
        let keys = function.statements.iter().filter(|it| it.resource == "Table.Arn");
        keys.flat_map(|it| it.leading_keys.iter().flatten()).any(|key| key.starts_with("CRED#"))
    });
    assert_eq!(accessing.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), HASHING);
    let unbounded = functions.iter().filter(|(_, function)| {
        function.statements.iter().any(|it| it.resource == "Table.Arn" && it.leading_keys.is_none())
    });
    assert_eq!(unbounded.map(|(name, _)| name).collect::<Vec<_>>(), Vec::<&String>::new());
    Ok(())
}

/// A hash takes twice as long if it is compiled for size. A package with its own settings does not inherit `strip`.
/// `cargo benchmark functions` measures the package `hash`, so it needs the same settings.
#[test]
fn hashing_functions_are_compiled_for_speed() -> Outcome {
    let manifest: toml::Value =
        toml::from_str(&fs::read_to_string(repository().join("Cargo.toml"))?)?;
    for name in HASHING.into_iter().chain(["hash"]) {
        let setting =
            |key| manifest.get("profile")?.get("release")?.get("package")?.get(name)?.get(key);
        assert_eq!(setting("opt-level").and_then(toml::Value::as_integer), Some(2), "{name}");
        assert_eq!(setting("strip").and_then(toml::Value::as_bool), Some(true), "{name}");
    }
    Ok(())
}

#[test]
fn every_event_is_a_request_to_its_function() -> Outcome {
    let mut wrong = Vec::new();
    for (name, function) in &Template::load()?.functions {
        if let Err(problem) = check_event(name, function) {
            wrong.push(format!("events/{name}.json: {problem}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn check_event(name: &str, function: &Function) -> Outcome {
    let path = repository().join("events").join(name).with_extension("json");
    let event: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    if function.routes.is_empty() {
        // The function has no route, so its event is not an API request.
        return Ok(());
    }
    let text = |key: &str| {
        let value = event.get(key).and_then(Value::as_str);
        value.ok_or_else(|| format!("{key} is missing"))
    };
    let (method, resource, path) = (text("httpMethod")?, text("resource")?, text("path")?);
    let is_routed = function
        .routes
        .iter()
        .any(|route| route.path == resource && (route.method == method || route.method == ANY));
    if !is_routed {
        return Err(format!("template.yaml has no route {method} {resource} to {name}").into());
    }
    if !fits(resource, path) {
        return Err(format!("the path {path} does not match {resource}").into());
    }
    Ok(())
}

/// Returns whether a path, with or without its final slash, matches a route such as `/doctors/{id}`.
fn fits(route: &str, path: &str) -> bool {
    let mut segments = path.trim_end_matches('/').split('/');
    for expected in route.trim_end_matches('/').split('/') {
        let Some(segment) = segments.next() else { return false };
        if expected.ends_with("+}") {
            return !segment.is_empty();
        }
        let is_variable = expected.starts_with('{') && !segment.is_empty();
        if !is_variable && segment != expected {
            return false;
        }
    }
    segments.next().is_none()
}

/// Converts `auth-login` to `AuthLogin`.
fn camel_case(name: &str) -> String {
    let capitalize = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('-').map(capitalize).collect()
}

fn folders() -> io::Result<BTreeSet<String>> {
    names("functions", |path| path.join("Cargo.toml").is_file())
}

/// Returns the names, without extension, of the wanted entries of a folder of the repository.
fn names(folder: &str, is_wanted: impl Fn(&Path) -> bool) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(repository().join(folder))? {
        let path = entry?.path();
        if is_wanted(&path)
            && let Some(name) = path.file_stem().and_then(OsStr::to_str)
        {
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}

struct Package {
    name: String,
    /// The folder, relative to functions/; empty if the package is elsewhere.
    folder: String,
    binaries: Vec<String>,
}

/// Returns the packages of the workspace that `cargo metadata` lists.
fn packages() -> Result<Vec<Package>, Box<dyn Error>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(repository())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    Ok(list(&metadata, "packages").filter_map(package).collect())
}

fn package(package: &Value) -> Option<Package> {
    let manifest = Path::new(package.get("manifest_path")?.as_str()?);
    let folder = manifest.strip_prefix(repository().join("functions")).ok().and_then(Path::parent);
    let is_binary = |target: &&Value| list(target, "kind").any(|kind| kind == "bin");
    let binaries = list(package, "targets").filter(is_binary);
    Some(Package {
        name: package.get("name")?.as_str()?.to_owned(),
        folder: folder.and_then(Path::to_str).unwrap_or_default().to_owned(),
        binaries: binaries.filter_map(|it| Some(it.get("name")?.as_str()?.to_owned())).collect(),
    })
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}
