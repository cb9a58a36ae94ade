//! A child process together with whatever it starts: they end together, when xtask lets go of them.
//! Only SIGKILL, which gives xtask no time, leaves them behind.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdout};

/// How long SIGTERM may take before SIGKILL follows. cargo-lambda allows its functions a second.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// The leader of a process group of its own. Dropping it ends the group and waits for the end.
///
/// A group of its own, because a terminal's Ctrl-C would otherwise reach the children at the same
/// time as xtask, which could then no longer end them in good order.
pub struct Group {
    leader: Child,
    grace: Duration,
}

impl Group {
    /// Starts a command that reads nothing. Its output goes where the command says.
    pub fn spawn(command: Command) -> io::Result<Self> {
        Self::spawn_with_grace(command, GRACE)
    }

    /// Starts one that may take so long to end.
    pub fn spawn_with_grace(mut command: Command, grace: Duration) -> io::Result<Self> {
        command.process_group(0).stdin(Stdio::null());
        let leader = tokio::process::Command::from(command).spawn()?;
        Ok(Self { leader, grace })
    }

    /// What the leader prints, if the command pipes it; once.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.leader.stdout.take()
    }

    /// Waits for the leader to end by itself.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.leader.wait().await
    }

    fn signal(&self, signal: Signal) {
        // No id: the leader has been waited for, and its number may be somebody else's by now.
        let id = self.leader.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id {
            // Fails if the group has just ended, which is what is wanted.
            let _ = killpg(Pid::from_raw(id), signal);
        }
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.leader.try_wait(), Ok(None))
    }
}

impl Drop for Group {
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
