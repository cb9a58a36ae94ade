//! The folder with the data of `cargo dev`, and how other commands find the DynamoDB that has it open.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use repo::root;
use tokio::time::{sleep, timeout};

use crate::lock::{lock, try_lock};
use crate::{Failure, Result};

/// The time that the end of an earlier `cargo dev`, or the opening of the tables by a running one, may take.
pub const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(100);

/// The file that one process at a time locks.
const LOCK: &str = "lock";

/// The file in which that process, if it is a `cargo dev`, announces the endpoint of its DynamoDB.
const ENDPOINT: &str = "dynamodb-endpoint";

/// The log of the functions of the current `cargo dev`, or of the last one.
pub const LOG: &str = "functions.log";

/// The lines of earlier logs that name rows of the audit trail.
pub const KEPT_LOG: &str = "audit.log";

/// The folder, locked by this process.
pub struct Data {
    folder: PathBuf,
    /// Stays locked until the process ends, even if it is killed.
    _lock: File,
}

/// How a command can access the data in a folder.
pub enum Access {
    /// Directly: no process uses the folder, whose full path this is.
    Free(PathBuf),
    /// Through the DynamoDB, at this endpoint, of the `cargo dev` that uses the folder.
    Through(String),
}

impl Data {
    /// Waits until no other process uses the folder. The default is `.local` in the repository. Creates it if missing.
    pub async fn open(folder: Option<&Path>) -> Result<Self> {
        let folder = prepare(folder)?;
        match timeout(PATIENCE, lock(&folder.join(LOCK))).await {
            Ok(Ok(lock)) => Self::locked(folder, lock),
            Ok(Err(error)) => Err(cannot_use(&folder, error)),
            Err(_) => {
                let user = "another `cargo dev`, or a command that works on its data, uses";
                let way_out = "end it, or choose another folder with --data";
                Err(format!("{user} {}; {way_out}", folder.display()).into())
            }
        }
    }

    fn locked(folder: PathBuf, lock: File) -> Result<Self> {
        let data = Self { folder, _lock: lock };
        // A process that was killed leaves its endpoint behind.
        data.withdraw().map_err(|error| cannot_use(&data.folder, error))?;
        Ok(data)
    }

    /// Announces the endpoint of DynamoDB to other commands, for as long as this lives.
    pub fn announce(&self, endpoint: &str) -> Result {
        let path = self.folder.join(ENDPOINT);
        fs::write(&path, endpoint).map_err(|error| cannot_use(&path, error))
    }

    fn withdraw(&self) -> io::Result<()> {
        match fs::remove_file(self.folder.join(ENDPOINT)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // If this fails, the next process that uses the folder removes the file.
        let _ = self.withdraw();
    }
}

/// Returns how to access the data in the folder. If a `cargo dev` uses it, waits until its DynamoDB has started. If
/// another command uses it, waits until that ends.
pub async fn access(folder: Option<&Path>) -> Result<Access> {
    let folder = prepare(folder)?;
    let cannot = |error| cannot_use(&folder, error);
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        if let Some(lock) = try_lock(&folder.join(LOCK)).map_err(cannot)? {
            // Removes an old endpoint, then unlocks the folder.
            drop(Data::locked(folder.clone(), lock)?);
            return Ok(Access::Free(folder));
        }
        if let Some(endpoint) = endpoint(&folder).map_err(cannot)? {
            return Ok(Access::Through(endpoint));
        }
        sleep(POLL).await;
        waited += POLL;
    }
    let user = "another command, or a `cargo dev` that is still starting, uses";
    Err(format!("{user} {}; try again soon", folder.display()).into())
}

/// Returns the folder; without one, `.local` in the repository.
pub fn folder_or_default(folder: Option<&Path>) -> Result<PathBuf> {
    Ok(match folder {
        Some(folder) => folder.to_owned(),
        None => root::find()?.join(".local"),
    })
}

/// Returns whether a process uses the folder, which exists.
pub fn is_in_use(folder: &Path) -> Result<bool> {
    let lock = try_lock(&folder.join(LOCK)).map_err(|error| cannot_use(folder, error))?;
    Ok(lock.is_none())
}

/// Creates the folder if it is missing, and returns its full path.
fn prepare(folder: Option<&Path>) -> Result<PathBuf> {
    let folder = folder_or_default(folder)?;
    let cannot = |error| cannot_use(&folder, error);
    fs::create_dir_all(&folder).map_err(cannot)?;
    if fs::read_dir(&folder).map_err(cannot)?.next().is_none() {
        ignore(&folder).map_err(cannot)?;
    }
    folder.canonicalize().map_err(cannot)
}

/// Creates a .gitignore, because `cargo lambda watch` does not watch ignored files. Otherwise, in a folder that the
/// repository's own .gitignore does not name, each write to the tables would restart the functions.
fn ignore(folder: &Path) -> io::Result<()> {
    match File::create_new(folder.join(".gitignore")) {
        Ok(mut file) => file.write_all(b"*\n"),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Returns the endpoint that the process which uses the folder has announced, if it has.
fn endpoint(folder: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(folder.join(ENDPOINT)) {
        // Empty while it is being written.
        Ok(endpoint) => Ok(Some(endpoint).filter(|endpoint| !endpoint.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn cannot_use(path: &Path, error: io::Error) -> Failure {
    format!("cannot use {}: {error}", path.display()).into()
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    #[tokio::test]
    async fn second_process_works_through_the_first() {
        let folder = env::temp_dir().join(format!("healthcare-data-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(ENDPOINT), "http://127.0.0.1:1").unwrap();

        let first = access(Some(&folder)).await.unwrap();
        assert!(matches!(first, Access::Free(_)), "an old file does not mean that a process runs");
        assert_eq!(endpoint(&folder).unwrap(), None);
        assert!(!is_in_use(&folder).unwrap());
        let first = Data::open(Some(&folder)).await.unwrap();
        first.announce("http://127.0.0.1:2").unwrap();
        assert!(is_in_use(&folder).unwrap());
        let second = access(Some(&folder)).await.unwrap();
        assert!(matches!(second, Access::Through(endpoint) if endpoint == "http://127.0.0.1:2"));
        drop(first);
        let third = access(Some(&folder)).await.unwrap();
        assert!(matches!(third, Access::Free(_)));

        fs::remove_dir_all(folder).unwrap();
    }
}
