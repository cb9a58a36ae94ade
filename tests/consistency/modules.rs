//! The modules of `shared` import each other in one direction: no circles between files, and no import of a module
//! that ARCHITECTURE.md lists above the importing one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use repo::root::repository;

use crate::Outcome;

/// The lines of ARCHITECTURE.md that list the modules are between these.
const MARKERS: [&str; 2] = ["<!-- modules -->", "<!-- /modules -->"];

/// Which files a file imports; a file is named by its module path, such as `store::records`.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn files_do_not_import_each_other_in_circles() -> Outcome {
    let imports = imports()?;
    let mut done = BTreeSet::new();
    for file in imports.keys() {
        let mut path = Vec::new();
        if let Some(circle) = circle(file, &imports, &mut path, &mut done) {
            panic!("a circle of imports in shared/src: {}", circle.join(" → "));
        }
    }
    Ok(())
}

#[test]
fn no_module_imports_one_that_is_listed_above_it() -> Outcome {
    let order = listed()?;
    let place = |module: &str| order.iter().position(|it| it == module);
    let imports = imports()?;
    let exists = |module: &str| imports.keys().any(|file| top(file) == module);
    let mut wrong: Vec<String> = order
        .iter()
        .filter(|module| !exists(module))
        .map(|module| format!("ARCHITECTURE.md lists {module}, which does not exist"))
        .collect();
    for (file, imported) in imports {
        let Some(own) = place(top(&file)) else {
            wrong.push(format!("ARCHITECTURE.md does not list the module {}", top(&file)));
            continue;
        };
        for other in imported.iter().filter(|other| top(other) != top(&file)) {
            if place(top(other)).is_none_or(|other| other < own) {
                wrong.push(format!("{file} imports {other}, which is listed above it"));
            }
        }
    }
    let wrong: BTreeSet<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
    Ok(())
}

/// Returns the modules in the order of ARCHITECTURE.md: the first word in backquotes of each line of the list.
fn listed() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(repository().join("ARCHITECTURE.md"))?;
    let [begin, end] = MARKERS;
    let list = text.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    let (list, _) = list.ok_or("ARCHITECTURE.md has no list of modules")?;
    let rows = list.lines().filter(|line| line.starts_with("| `"));
    let names = rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`'));
    // Every second part is between backquotes.
    Ok(names
        .filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty())
        .map(str::to_owned)
        .collect())
}

fn top(file: &str) -> &str {
    file.split("::").next().unwrap_or_default()
}

fn circle(
    file: &str,
    imports: &Imports,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|it| it == file) {
        let mut circle = path.split_off(start);
        circle.push(file.to_owned());
        return Some(circle);
    }
    if done.contains(file) {
        return None;
    }
    path.push(file.to_owned());
    for next in imports.get(file).into_iter().flatten() {
        if let Some(circle) = circle(next, imports, path, done) {
            return Some(circle);
        }
    }
    path.pop();
    done.insert(file.to_owned());
    None
}

/// Reads the imports of all files that ship: no tests, and nothing of the feature `testing`.
fn imports() -> Result<Imports, Box<dyn std::error::Error>> {
    let root = repository().join("shared/src");
    let mut files = BTreeMap::new();
    collect(&root, &root, &mut files)?;
    let modules: BTreeSet<String> = files.keys().cloned().collect();
    let mut imports = Imports::new();
    for (module, path) in &files {
        let text = fs::read_to_string(path)?;
        let shipped = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let is_parent = path.file_name().is_some_and(|name| name == "mod.rs")
            || modules.iter().any(|it| it.starts_with(&format!("{module}::")));
        let mut imported = BTreeSet::new();
        for used in uses(shipped) {
            if let Some(target) = resolve(&used, module, is_parent, &modules) {
                imported.insert(target);
            }
        }
        imported.remove(module);
        imports.insert(module.clone(), imported);
    }
    Ok(imports)
}

fn collect(
    root: &Path,
    folder: &Path,
    files: &mut BTreeMap<String, PathBuf>,
) -> Result<(), Box<dyn std::error::Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let relative = path.strip_prefix(root)?.with_extension("");
        let mut parts: Vec<&str> = relative.iter().filter_map(|part| part.to_str()).collect();
        match parts.last() {
            Some(&"testing" | &"tests" | &"lib") => continue,
            Some(&"mod") => drop(parts.pop()),
            _ => {}
        }
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.insert(parts.join("::"), path);
        }
    }
    Ok(())
}

/// Returns the paths of all `use` lines, without braces: `crate::a::B`.
fn uses(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut is_skipped = false;
    let mut statement = String::new();
    for line in text.lines() {
        let line = line.trim();
        if statement.is_empty() {
            if line.starts_with("#[cfg(feature = \"testing\")]") || line.starts_with("#[cfg(test)]")
            {
                is_skipped = true;
                continue;
            }
            let is_use = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
                .iter()
                .any(|it| line.starts_with(it));
            if !is_use || std::mem::take(&mut is_skipped) {
                is_skipped = false;
                continue;
            }
        }
        statement.push_str(line);
        if line.ends_with(';') {
            let (_, tree) = statement.split_once("use ").unwrap_or_default();
            expand("", tree.trim_end_matches(';'), &mut paths);
            statement.clear();
        }
    }
    paths
}

/// Expands `a::{b, c::{d, e}}` into its paths.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        if !path.is_empty() {
            paths.push(format!("{prefix}{path}"));
        }
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inner = rest.trim_end().strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut start) = (0, 0);
    for (place, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, inner.get(start..place).unwrap_or_default().trim(), paths);
                start = place + 1;
            }
            _ => {}
        }
    }
    expand(&prefix, inner.get(start..).unwrap_or_default().trim(), paths);
}

/// Returns the file that a path leads to; `None` for another crate.
fn resolve(
    path: &str,
    module: &str,
    is_parent: bool,
    modules: &BTreeSet<String>,
) -> Option<String> {
    let mut own: Vec<&str> = module.split("::").collect();
    if !is_parent {
        own.pop();
    }
    let mut parts: Vec<&str> = path.split("::").collect();
    match *parts.first()? {
        "crate" => {
            parts.remove(0);
        }
        "super" => {
            // Of a file in a folder, `super` is the folder; of a folder's own file, its parent.
            parts.remove(0);
            if is_parent {
                own.pop();
            }
            parts = own.into_iter().chain(parts).collect();
        }
        first => {
            // A child of a parent module, or another crate.
            let child = format!("{module}::{first}");
            if !is_parent || !modules.contains(&child) {
                return None;
            }
            parts = module.split("::").chain(parts).collect();
        }
    }
    (1..=parts.len())
        .rev()
        .map(|length| parts.get(..length).unwrap_or_default().join("::"))
        .find(|it| modules.contains(it))
}
