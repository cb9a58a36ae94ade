//! A folder for the input and output of linters. It is removed when the audit ends.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use ops::Result;
use ops::process_group::ProcessGroup;
use repo::root::repository;
use tempfile::{TempDir, tempdir};

pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Result<Self> {
        Ok(Self(tempdir()?))
    }

    /// Runs a command in the repository, and writes its stdout to the file of this name.
    pub async fn keep(&self, name: &str, mut command: Command) -> Result<(ExitStatus, PathBuf)> {
        let file = self.0.path().join(name);
        command.current_dir(repository()).stdout(File::create(&file)?);
        let status = ProcessGroup::spawn(command)?.wait().await?;
        Ok((status, file))
    }

    /// Returns the stdout of a command. A linter's exit code only says whether it has findings.
    pub async fn output(&self, name: &str, command: Command) -> Result<Vec<u8>> {
        let (_, file) = self.keep(name, command).await?;
        Ok(fs::read(file)?)
    }
}
