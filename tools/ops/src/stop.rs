//! How a developer, a terminal or a test suite stops a command.

use std::future::pending;
use std::io;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::ui;

/// Works until the work is done, or until SIGINT, SIGTERM or SIGHUP, or, if `until_stdin_closes`, the end of
/// stdin. Stopping drops the work, which ends the children that it started, and returns no result.
pub async fn unless_stopped<T>(
    work: impl Future<Output = T>,
    until_stdin_closes: bool,
) -> io::Result<Option<T>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let stopped = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            () = end_of_stdin(until_stdin_closes) => {}
        }
        ui::status("Stopping", "everything that was started");
    };
    tokio::select! {
        result = work => Ok(Some(result)),
        () = stopped => Ok(None),
    }
}

async fn end_of_stdin(matters: bool) {
    if !matters {
        return pending().await;
    }
    let (reading, ended) = oneshot::channel::<()>();
    // A thread, because tokio's own stdin would keep the runtime from ending.
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(reading);
    });
    let _ = ended.await;
}
