//! A file that one process at a time holds.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

const POLL: Duration = Duration::from_millis(100);

/// Waits its turn. The lock lasts until the file is dropped or the process ends, however it does.
pub async fn lock(path: &Path) -> io::Result<File> {
    loop {
        match try_lock(path)? {
            Some(file) => return Ok(file),
            None => sleep(POLL).await,
        }
    }
}

/// The lock, unless somebody holds it.
pub fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::create(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
