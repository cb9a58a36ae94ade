//! A child process and all processes that it starts. They end together when their owner drops them. They keep running
//! only if the owner is killed by SIGKILL.

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
const POLL: Duration = Duration::from_millis(20);

/// The leader of a process group of its own. Dropping it ends the group and waits for the end.
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

    /// Waits for the leader to end by itself.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.leader.wait().await
    }

    fn signal(&self, signal: Signal) {
        // Without an id, the leader has been waited for, and another process may have its number by now.
        let id = self.leader.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id {
            // Fails if the group has just ended; that is no problem.
            let _ = killpg(Pid::from_raw(id), signal);
        }
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.leader.try_wait(), Ok(None))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            self.signal(signal);
            let mut waited = Duration::ZERO;
            while waited < self.grace {
                if self.has_ended() {
                    return;
                }
                sleep(POLL);
                waited += POLL;
            }
        }
    }
}
