//! A limit of processor time as Lambda's: in proportion to the function's memory.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ops::Result;
use tokio::time::sleep;

/// The memory for which Lambda gives one whole processor.
pub const WHOLE_PROCESSOR_MB: u32 = 1769;

/// A process that has used up its quota waits for the next period.
const PERIOD_MICROS: u32 = 20_000;

/// The control groups of processor time: of version 1, and of version 2.
const ROOTS: [&str; 2] = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup"];

/// Enters a group, which takes a while, waits for SIGCONT, and becomes the program.
const SCRIPT: &str = r#"echo $$ > "$1/cgroup.procs" &&
export AWS_LAMBDA_FUNCTION_MEMORY_SIZE="$2" && kill -STOP $$ && exec "$3""#;

/// A control group with a quota. Dropping it removes the group, which must have no process any more.
pub struct Quota {
    pub memory_mb: u32,
    group: PathBuf,
}

impl Quota {
    /// Creates a group with the quota for this memory. Fails if this system does not have or permit such groups.
    pub fn of(memory_mb: u32) -> Result<Self> {
        let root = ROOTS.map(Path::new).into_iter().find(|root| root.is_dir());
        let root = root.ok_or("there are no control groups")?;
        let group = root.join(format!("benchmark-{}-{memory_mb}", std::process::id()));
        fs::create_dir(&group).map_err(|error| format!("{}: {error}", group.display()))?;
        // Created first, so that the group is removed if it accepts no quota.
        let quota = Self { memory_mb, group };
        quota.limit()?;
        Ok(quota)
    }

    /// Returns a command that runs a program under this quota, once [`resume`] lets it.
    pub fn command(&self, executable: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "sh"]);
        command.arg(&self.group).arg(self.memory_mb.to_string()).arg(executable);
        command
    }

    fn limit(&self) -> Result {
        let quota = quota_micros(self.memory_mb);
        if self.group.join("cpu.max").exists() {
            return self.set("cpu.max", &format!("{quota} {PERIOD_MICROS}"));
        }
        self.set("cpu.cfs_period_us", &PERIOD_MICROS.to_string())?;
        self.set("cpu.cfs_quota_us", &quota.to_string())
    }

    fn set(&self, name: &str, value: &str) -> Result {
        let path = self.group.join(name);
        // Without `create`: a folder that is no control group must get no file.
        let file = OpenOptions::new().write(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(value.as_bytes()));
        Ok(written.map_err(|error| format!("{}: {error}", path.display()))?)
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // An empty group that remains does no harm.
        let _ = fs::remove_dir(&self.group);
    }
}

/// Waits until the process of a [`Quota::command`] is under its quota, lets it run its program, and returns the moment
/// before that.
#[allow(clippy::disallowed_methods, reason = "measures a span")]
pub async fn resume(process_id: u32) -> Result<Instant> {
    loop {
        let stat = fs::read_to_string(format!("/proc/{process_id}/stat"))?;
        match state(&stat) {
            Some('T') => break,
            Some('Z') | None => return Err("the process cannot enter its control group".into()),
            Some(_) => sleep(Duration::from_millis(1)).await,
        }
    }
    let process = Pid::from_raw(i32::try_from(process_id)?);
    let moment = Instant::now();
    kill(process, Signal::SIGCONT)?;
    Ok(moment)
}

/// Returns the processor time of a period for a function with this memory.
fn quota_micros(memory_mb: u32) -> u32 {
    PERIOD_MICROS * memory_mb / WHOLE_PROCESSOR_MB
}

/// Returns the state of a process in `/proc/<id>/stat`: `T` if it is stopped, `Z` if it has ended.
fn state(stat: &str) -> Option<char> {
    // Before it is the program's name in parentheses, which may itself contain parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.trim_start().chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_is_in_proportion_to_memory() {
        let expected = [(128, 1_447), (256, 2_894), (512, 5_788), (1024, 11_577), (1769, 20_000)];
        for (memory_mb, micros) in expected {
            assert_eq!(quota_micros(memory_mb), micros, "{memory_mb} MB");
        }
    }

    #[test]
    fn state_follows_the_name() {
        assert_eq!(state("17 (sh) T 1 17 0"), Some('T'));
        assert_eq!(state("17 (a) Z (b)) S 1 17 0"), Some('S'));
        assert_eq!(state(""), None);
    }
}
