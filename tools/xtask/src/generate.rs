//! `cargo xtask generate`: writes what is generated from template.yaml and openapi.yaml.

use std::fs;

use ops::{Result, ui};
use repo::generated;
use repo::template::{Template, repository};

pub fn run() -> Result {
    for (path, content) in generated::stale(&Template::load()?)? {
        fs::write(repository().join(path), content)
            .map_err(|error| format!("cannot write {path}: {error}"))?;
        ui::status("Wrote", path);
    }
    Ok(())
}
