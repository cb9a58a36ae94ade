//! A folder for what judges read and say; it goes when the audit ends.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use tempfile::{TempDir, tempdir};
use ops::Result;
use ops::process_group::ProcessGroup;
use repo::template::repository;

pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Result<Self> {
        Ok(Self(tempdir()?))
    }

    /// Runs a command in the repository, and keeps what it says to stdout in the file of this name.
    pub async fn keep(&self, name: &str, mut command: Command) -> Result<(ExitStatus, PathBuf)> {
        let file = self.0.path().join(name);
        command.current_dir(repository()).stdout(File::create(&file)?);
        let status = ProcessGroup::spawn(command)?.wait().await?;
        Ok((status, file))
    }

    /// What a command says to stdout. A judge's exit code only tells whether there is something to read.
    pub async fn said(&self, name: &str, command: Command) -> Result<Vec<u8>> {
        let (_, file) = self.keep(name, command).await?;
        Ok(fs::read(file)?)
    }
}
