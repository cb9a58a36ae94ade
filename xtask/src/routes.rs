//! `cargo xtask routes`: what is generated from the routes of template.yaml.

use std::fs;

use shared::testing::routes;
use shared::testing::template::{Template, repository};

use crate::{Result, ui};

#[derive(clap::Args)]
pub struct Options {
    /// Write nothing, but fail if a file is not up to date
    #[arg(long)]
    check: bool,
}

pub fn run(options: &Options) -> Result {
    let stale = routes::stale(&Template::load()?);
    if options.check && !stale.is_empty() {
        let paths: Vec<_> = stale.iter().map(|(path, _)| *path).collect();
        return Err(format!("run `cargo xtask routes`: stale is {}", paths.join(", ")).into());
    }
    for (path, content) in stale {
        fs::write(repository().join(path), content)
            .map_err(|error| format!("cannot write {path}: {error}"))?;
        ui::status("Wrote", path);
    }
    Ok(())
}
