//! The folder of what `cargo dev` keeps: tables, token secret, log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::timeout;

use crate::Result;
use crate::lock::lock;

/// What the functions ask of their secret, in bytes.
const SECRET_LENGTH: usize = 32;

/// How long the end of an earlier `cargo dev` may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The folder, for this process alone.
pub struct Data {
    folder: PathBuf,
    /// Locked until the process ends, in whatever way.
    _lock: File,
}

impl Data {
    /// Makes the folder if it is missing.
    pub async fn open(folder: PathBuf) -> Result<Self> {
        let cannot =
            |error: io::Error| format!("cannot use the folder {}: {error}", folder.display());
        fs::create_dir_all(&folder).map_err(cannot)?;
        let folder = folder.canonicalize().map_err(cannot)?;
        if fs::read_dir(&folder).map_err(cannot)?.next().is_none() {
            ignore(&folder).map_err(cannot)?;
        }
        match timeout(PATIENCE, lock(&folder.join("lock"))).await {
            Ok(lock) => Ok(Self { _lock: lock.map_err(cannot)?, folder }),
            Err(_) => {
                let folder = folder.display();
                let way_out = "end it, or give this one a folder of its own with --data";
                Err(format!("another `cargo dev` uses {folder}; {way_out}").into())
            }
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

    /// The secret from which signing keys are derived: made once, then kept, so that tokens outlive
    /// a restart.
    pub fn token_secret(&self) -> Result<String> {
        let path = self.folder.join("token-secret");
        let cannot = |error: io::Error| format!("cannot use {}: {error}", path.display());
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
            Err(error) => Err(cannot(error).into()),
        }
    }
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

fn random() -> Result<String> {
    let mut bytes = [0; SECRET_LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system has no random bytes")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
