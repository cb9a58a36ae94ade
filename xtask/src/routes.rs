//! `cargo xtask routes`: writes what is generated from the routes of template.yaml.

use std::fs;

use shared::testing::routes;
use shared::testing::template::{Template, repository};

use crate::{Result, ui};

pub fn run() -> Result {
    for (path, content) in routes::stale(&Template::load()?) {
        fs::write(repository().join(path), content)
            .map_err(|error| format!("cannot write {path}: {error}"))?;
        ui::status("Wrote", path);
    }
    Ok(())
}
