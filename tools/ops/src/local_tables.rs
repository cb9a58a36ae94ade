//! The tables of `cargo dev` while no `cargo dev` runs: a child process has them open for as long as a command works.

use std::path::Path;
use std::process::{Command, Stdio};

use repo::cargo::cargo;
use repo::template::repository;

use crate::data::announced;
use crate::process_group::ProcessGroup;
use crate::{Result, ui};

/// A `cargo dev` with the tables alone. Dropping it ends it and waits for the end.
pub struct LocalTables {
    pub endpoint: String,
    _dev: ProcessGroup,
}

impl LocalTables {
    /// Starts it on the data in the folder, and waits until it announces its endpoint there.
    pub async fn start(folder: &Path) -> Result<Self> {
        ui::status("Starting", format!("the tables in {}", folder.display()));
        let mut dev = ProcessGroup::spawn_with_stdin(command(folder))?;
        let endpoint = tokio::select! {
            endpoint = announced(folder) => endpoint?,
            status = dev.wait() => {
                let problem = "the tables cannot be opened; the reason is above";
                return Err(format!("{problem} ({})", status?).into());
            }
        };
        Ok(Self { endpoint, _dev: dev })
    }
}

fn command(folder: &Path) -> Command {
    let mut cargo = cargo();
    cargo
        .current_dir(repository())
        .args(["run", "--package", "xtask", "--", "dev", "--table-only", "--until-stdin-closes"])
        .arg("--data")
        .arg(folder)
        // This process's own stdout is for its result.
        .stdout(Stdio::null());
    cargo
}
