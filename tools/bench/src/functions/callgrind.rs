//! Instructions of a function, counted by valgrind's callgrind.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ops::Result;
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::test_bed::{TestBed, Way};

/// The path of valgrind.
pub struct Callgrind(PathBuf);

impl Callgrind {
    pub fn find() -> Result<Self> {
        // The full path, because functions are started without a `PATH`.
        let path = env::var_os("PATH").unwrap_or_default();
        let found = env::split_paths(&path).map(|it| it.join("valgrind")).find(|it| it.is_file());
        let install = "valgrind is missing: install it (Debian: apt install valgrind), or leave \
             `instructions` out of --only";
        found.map(Self).ok_or_else(|| install.into())
    }

    /// Returns the version: `valgrind-3.24.0`.
    pub fn version(&self) -> Result<String> {
        let output = Command::new(&self.0).arg("--version").output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Counts the instructions from exec until the function polls after these events.
    pub async fn count(
        &self,
        bed: &TestBed,
        name: &str,
        executable: &Path,
        way: Way<'_>,
        events: &[Value],
    ) -> Result<u64> {
        let file = bed.file("callgrind.out");
        let mut command = Command::new(&self.0);
        let out = format!("--callgrind-out-file={}", file.display());
        command.args(["--tool=callgrind", &out]).arg(executable);
        let mut function = bed.start(command, name, way).await?;
        let failed = |error| bed.failure(name, error);
        function.api.polled().await.map_err(failed)?;
        for event in events {
            bed.call(&mut function, name, std::slice::from_ref(event)).await?;
            function.api.polled().await.map_err(failed)?;
        }
        // It writes its counts when it gets SIGTERM.
        kill(Pid::from_raw(i32::try_from(function.process_id())?), Signal::SIGTERM)?;
        spawn_blocking(move || function.wait()).await??;
        let counted = fs::read_to_string(&file).map_err(|error| {
            bed.failure(name, format!("callgrind has written no counts: {error}"))
        })?;
        fs::remove_file(&file)?;
        total(&counted).ok_or_else(|| bed.failure(name, "callgrind has written no total"))
    }
}

/// Returns the total in callgrind's output.
fn total(counted: &str) -> Option<u64> {
    let line = |name| counted.lines().find_map(|line: &str| line.strip_prefix(name));
    // Instructions are the only event that is counted.
    if line("events:")?.trim() != "Ir" {
        return None;
    }
    line("totals:")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_that_of_the_instructions() {
        let counted = "version: 1\nevents: Ir\nsummary: 7\n\nfn=(1) main\n1 4\n\ntotals: 453210\n";
        assert_eq!(total(counted), Some(453_210));
        assert_eq!(total("events: Ir Dr\ntotals: 1 2\n"), None);
        assert_eq!(total(""), None);
    }
}
