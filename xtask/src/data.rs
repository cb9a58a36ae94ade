//! The folder of what `cargo dev` keeps: tables, token secret, mail, log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use repo::template::repository;
use tokio::time::{sleep, timeout};

use crate::lock::{lock, try_lock};
use crate::{Failure, Result};

/// What the functions ask of their secret, in bytes.
const SECRET_LENGTH: usize = 32;

/// How long the end of an earlier `cargo dev` may take, or the start of one that runs.
const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(100);

/// The file that one process at a time holds.
const LOCK: &str = "lock";

/// The file in which that process tells the others where its DynamoDB is.
const ENDPOINT: &str = "dynamodb-endpoint";

/// The folder, for this process alone.
pub struct Data {
    folder: PathBuf,
    /// Locked until the process ends, in whatever way.
    _lock: File,
}

/// How a command may work on the data.
pub enum Access {
    /// Nobody else does.
    Alone(Data),
    /// Through the DynamoDB, at this endpoint, of the process that has the folder.
    Through(String),
}

impl Data {
    /// Waits for its turn. Without a folder it is `.local` in the repository; it is made if missing.
    pub async fn open(folder: Option<&Path>) -> Result<Self> {
        let folder = prepare(folder)?;
        match timeout(PATIENCE, lock(&folder.join(LOCK))).await {
            Ok(Ok(lock)) => Self::locked(folder, lock),
            Ok(Err(error)) => Err(cannot_use(&folder, error)),
            Err(_) => {
                let user = "another `cargo dev`, or a command at work on its data, uses";
                let way_out = "end it, or give this one a folder of its own with --data";
                Err(format!("{user} {}; {way_out}", folder.display()).into())
            }
        }
    }

    /// Alone if nobody has the folder. Otherwise whoever has it may still be starting its DynamoDB.
    pub async fn access(folder: Option<&Path>) -> Result<Access> {
        let folder = prepare(folder)?;
        let cannot = |error| cannot_use(&folder, error);
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            if let Some(lock) = try_lock(&folder.join(LOCK)).map_err(cannot)? {
                return Self::locked(folder, lock).map(Access::Alone);
            }
            if let Some(endpoint) = endpoint(&folder).map_err(cannot)? {
                return Ok(Access::Through(endpoint));
            }
            sleep(POLL).await;
            waited += POLL;
        }
        let folder = folder.display();
        Err(format!("the `cargo dev` that uses {folder} is still starting; try again soon").into())
    }

    fn locked(folder: PathBuf, lock: File) -> Result<Self> {
        let data = Self { folder, _lock: lock };
        // Left by a process that was killed, and true no longer.
        data.withdraw().map_err(|error| cannot_use(&data.folder, error))?;
        Ok(data)
    }

    /// Tells the commands at work on the same data, for as long as this lives, where DynamoDB is.
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

    /// The embedded DynamoDB's file.
    pub fn database(&self) -> PathBuf {
        self.folder.join("dynamodb.sqlite")
    }

    /// What `cargo lambda watch` and the functions print.
    pub fn log(&self) -> PathBuf {
        self.folder.join("functions.log")
    }

    /// A folder for the mail, which goes nowhere else; made if missing.
    pub fn outbox(&self) -> Result<PathBuf> {
        let path = self.folder.join("outbox");
        fs::create_dir_all(&path).map_err(|error| cannot_use(&path, error))?;
        Ok(path)
    }

    /// The secret from which signing keys are derived: made once, then kept, so that tokens outlive
    /// a restart.
    pub fn token_secret(&self) -> Result<String> {
        let path = self.folder.join("token-secret");
        let cannot = |error| cannot_use(&path, error);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                let secret = random()?;
                file.write_all(secret.as_bytes()).map_err(cannot)?;
                Ok(secret)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let secret = fs::read_to_string(&path).map_err(cannot)?;
                if secret.trim().len() < SECRET_LENGTH {
                    let path = path.display();
                    return Err(format!("{path} is too short; delete it to get a new one").into());
                }
                Ok(secret.trim().to_owned())
            }
            Err(error) => Err(cannot(error)),
        }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // What cannot be removed is removed by the next process that has the folder.
        let _ = self.withdraw();
    }
}

/// Makes the folder if it is missing, and tells its full name.
fn prepare(folder: Option<&Path>) -> Result<PathBuf> {
    let folder = folder.map_or_else(|| repository().join(".local"), Path::to_owned);
    let cannot = |error| cannot_use(&folder, error);
    fs::create_dir_all(&folder).map_err(cannot)?;
    if fs::read_dir(&folder).map_err(cannot)?.next().is_none() {
        ignore(&folder).map_err(cannot)?;
    }
    folder.canonicalize().map_err(cannot)
}

/// `cargo lambda watch` heeds .gitignore. Without one here, in a folder that the repository's own
/// does not name, each write to the tables would start the functions again.
fn ignore(folder: &Path) -> io::Result<()> {
    match File::create_new(folder.join(".gitignore")) {
        Ok(mut file) => file.write_all(b"*\n"),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// What the process that has the folder announced, if it has.
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

/// What nobody can guess: 43 letters, digits, `-` and `_`.
pub fn random() -> Result<String> {
    let mut bytes = [0; SECRET_LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system has no random bytes")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    #[tokio::test]
    async fn whoever_comes_second_works_through_the_first() {
        let folder = env::temp_dir().join(format!("healthcare-data-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(ENDPOINT), "http://127.0.0.1:1").unwrap();

        let first = Data::access(Some(&folder)).await.unwrap();
        let Access::Alone(first) = first else {
            panic!("nobody has it, whatever an old file says")
        };
        assert_eq!(endpoint(&folder).unwrap(), None);
        first.announce("http://127.0.0.1:2").unwrap();
        let second = Data::access(Some(&folder)).await.unwrap();
        assert!(matches!(second, Access::Through(endpoint) if endpoint == "http://127.0.0.1:2"));
        drop(first);
        let third = Data::access(Some(&folder)).await.unwrap();
        assert!(matches!(third, Access::Alone(_)));

        fs::remove_dir_all(folder).unwrap();
    }
}
