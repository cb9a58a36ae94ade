//! A file that one process at a time can lock.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

const POLL: Duration = Duration::from_millis(100);

/// Waits until the file is free, and locks it. The lock lasts until the file is dropped or the process ends, even if it
/// is killed.
pub async fn lock(path: &Path) -> io::Result<File> {
    loop {
        match try_lock(path)? {
            Some(file) => return Ok(file),
            None => sleep(POLL).await,
        }
    }
}

/// Locks the file; returns `None` if another process holds the lock.
pub fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::create(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
