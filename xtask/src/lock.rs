//! A file that one process at a time holds.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

const POLL: Duration = Duration::from_millis(100);

/// Waits its turn. The lock lasts until the file is dropped or the process ends, however it does.
pub async fn lock(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(POLL).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
