//! The tables of `cargo dev` while no `cargo dev` runs: a child process has them open for as long as a command works.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use repo::cargo::cargo;
use repo::root::repository;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::data::is_in_use;
use crate::process_group::ProcessGroup;
use crate::{Result, ui};

/// The text before the endpoint in the line that `cargo dev --table-only` prints.
pub const READY: &str = "The tables are ready at ";

/// A `cargo dev` with the tables alone. Dropping it ends it and waits for the end.
pub struct LocalTables {
    pub endpoint: String,
    _dev: ProcessGroup,
}

impl LocalTables {
    /// Starts it on the data in the folder, and waits until it prints its endpoint. Returns `None` if it ends while
    /// another process uses the folder.
    ///
    /// The build may take any time. After it, the `cargo dev` itself ends if the tables do not open in time.
    pub async fn start(folder: &Path) -> Result<Option<Self>> {
        ui::status("Starting", format!("the tables in {}", folder.display()));
        let mut dev = ProcessGroup::spawn_with_stdin(command(folder))?;
        let stdout = dev.stdout().ok_or("stdout is piped")?;
        let endpoint = tokio::select! {
            endpoint = endpoint_in(stdout) => endpoint?,
            _ = dev.wait() => None,
        };
        if let Some(endpoint) = endpoint {
            return Ok(Some(Self { endpoint, _dev: dev }));
        }
        let status = dev.wait().await?;
        if is_in_use(folder)? {
            ui::status("Waiting", format!("for the process that uses {}", folder.display()));
            return Ok(None);
        }
        Err(format!("the tables cannot be opened; the reason is above ({status})").into())
    }
}

/// Reads the output of `cargo dev --table-only` as far as its endpoint. Returns `None` if it ends without one.
async fn endpoint_in(output: impl AsyncRead + Unpin) -> io::Result<Option<String>> {
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(endpoint) = line.strip_prefix(READY) {
            return Ok(Some(endpoint.to_owned()));
        }
    }
    Ok(None)
}

fn command(folder: &Path) -> Command {
    let mut cargo = cargo();
    cargo
        .current_dir(repository())
        .args(["run", "--package", "xtask", "--", "dev", "--table-only"])
        // Another command would fail when these tables end with this process.
        .args(["--unannounced", "--until-stdin-closes"])
        .arg("--data")
        .arg(folder)
        .stdout(Stdio::piped());
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn endpoint_is_read_from_its_line() {
        let output = format!("other\n{READY}http://127.0.0.1:1\nother\n");
        let endpoint = endpoint_in(output.as_bytes()).await.unwrap();
        assert_eq!(endpoint.as_deref(), Some("http://127.0.0.1:1"));

        assert_eq!(endpoint_in("other\n".as_bytes()).await.unwrap(), None);
    }
}
