//! `cargo xtask common-passwords`: makes the filter of common passwords from a list.

use std::fs;
use std::path::PathBuf;

use ops::{Result, ui};
use repo::root::repository;
use shared::auth::common_passwords::{FILE, filter_of};

#[derive(clap::Args)]
pub struct Options {
    /// The list, with one password a line
    list: PathBuf,
}

pub fn run(Options { list }: &Options) -> Result {
    let passwords = fs::read_to_string(list)
        .map_err(|error| format!("cannot read {}: {error}", list.display()))?;
    fs::write(repository().join(FILE), filter_of(&passwords))
        .map_err(|error| format!("cannot write {FILE}: {error}"))?;
    ui::status("Wrote", FILE);
    Ok(())
}
