//! A child process, the leader, and the processes that it starts, except those that leave its process group. They end
//! together when their owner drops them. Some keep running only if the owner is killed by SIGKILL, or if the leader
//! ends by itself without ending them.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, ChildStdout};

/// The time between SIGTERM and SIGKILL. cargo-lambda allows its functions a second.
const GRACE: Duration = Duration::from_secs(5);

/// The time that the other processes of the group may take to end, after the leader or after SIGKILL.
const REST: Duration = Duration::from_secs(1);

const POLL: Duration = Duration::from_millis(20);

/// The leader of a process group of its own. Dropping it ends the group and waits for the end, unless the leader has
/// already ended and been waited for.
///
/// In the group of its owner, the leader would get a terminal's Ctrl-C at the same time as the owner, which could
/// then not end it in the right order.
pub struct ProcessGroup {
    leader: Child,
    grace: Duration,
    /// Closed when this process ends, even if it is killed.
    _stdin: Option<ChildStdin>,
}

impl ProcessGroup {
    /// Starts a command whose stdin is empty. Its output goes where the command says.
    pub fn spawn(command: Command) -> io::Result<Self> {
        Self::spawn_with_grace(command, GRACE)
    }

    /// Does the same as [`ProcessGroup::spawn`], with this time between SIGTERM and SIGKILL.
    pub fn spawn_with_grace(command: Command, grace: Duration) -> io::Result<Self> {
        Self::start(command, Stdio::null(), grace)
    }

    /// Does the same as [`ProcessGroup::spawn`], with a stdin that stays open and empty until this process ends. So a
    /// command that ends with its stdin ends even if this process is killed by SIGKILL.
    pub fn spawn_with_stdin(command: Command) -> io::Result<Self> {
        Self::start(command, Stdio::piped(), GRACE)
    }

    fn start(mut command: Command, stdin: Stdio, grace: Duration) -> io::Result<Self> {
        command.process_group(0).stdin(stdin);
        let mut leader = tokio::process::Command::from(command).spawn()?;
        // Taken out of the child, because waiting for the leader would close it.
        let stdin = leader.stdin.take();
        Ok(Self { leader, grace, _stdin: stdin })
    }

    /// Returns the leader's stdout, if the command pipes it; only the first time.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.leader.stdout.take()
    }

    /// Waits for the leader to end by itself. Dropping the group then ends no other process.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.leader.wait().await
    }

    /// Returns the id of the group; `None` if the leader has been waited for, because another group may have the id by
    /// now.
    fn id(&self) -> Option<Pid> {
        self.leader.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw)
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.leader.try_wait(), Ok(None))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        let Some(group) = self.id() else { return };
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            // Fails if the group has just ended; that is no problem.
            let _ = killpg(group, signal);
            if is_true_within(self.grace, || self.has_ended()) {
                break;
            }
        }
        // Processes that ignore SIGTERM outlive the leader. No new group can get the id while they run, and the polls
        // leave no time for it when they end.
        if !is_true_within(REST, || is_empty(group)) {
            let _ = killpg(group, Signal::SIGKILL);
            is_true_within(REST, || is_empty(group));
        }
    }
}

/// Whether the group has no process that this one may signal.
fn is_empty(group: Pid) -> bool {
    killpg(group, None::<Signal>).is_err()
}

/// Waits until the condition is true, for at most this time. Returns whether it is.
fn is_true_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let mut waited = Duration::ZERO;
    while !condition() {
        if waited >= limit {
            return false;
        }
        sleep(POLL);
        waited += POLL;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[tokio::test]
    async fn process_that_ignores_sigterm_ends_with_the_leader() {
        let (mut output, stdout) = io::pipe().unwrap();
        let script = "(trap '' TERM; echo ready; sleep 30; echo survived) & wait";
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(stdout);
        let group = ProcessGroup::spawn(command).unwrap();
        let mut ready = [0; 6];
        output.read_exact(&mut ready).unwrap();
        assert_eq!(&ready, b"ready\n");

        drop(group);

        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}
