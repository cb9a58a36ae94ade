//! The files that `cargo dev` keeps in its data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ops::data::LOG;
use ops::random::random;
use ops::{Failure, Result};

/// The shortest secret that the functions accept, in bytes.
const SECRET_LENGTH: usize = 32;

/// Returns the path of the embedded DynamoDB's file.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("dynamodb.sqlite")
}

/// Returns the path of the log of `cargo lambda watch` and the functions.
pub fn log(folder: &Path) -> PathBuf {
    folder.join(LOG)
}

/// Returns the folder that mail is written to instead of being sent. Creates it if missing.
pub fn outbox(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("outbox");
    fs::create_dir_all(&path).map_err(|error| cannot_use(&path, error))?;
    Ok(path)
}

/// Returns the folder of the audit trail's archive.
pub fn archive(folder: &Path) -> PathBuf {
    folder.join("archive")
}

/// Returns the secret that signing keys are derived from. Creates it once and keeps it, so that tokens stay valid after
/// a restart.
pub fn token_secret(folder: &Path) -> Result<String> {
    let path = folder.join("token-secret");
    let cannot = |error| cannot_use(&path, error);
    match create_private(&path) {
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

/// Writes the environment variables of functions into a file, and returns its path.
pub fn environment(folder: &Path, text: &str) -> Result<PathBuf> {
    let path = folder.join("functions.env");
    let cannot = |error| cannot_use(&path, error);
    // A process that was killed leaves its file behind.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    create_private(&path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(cannot)?;
    Ok(path)
}

/// Creates a file that only its owner can read and write. It must not exist.
fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn cannot_use(path: &Path, error: io::Error) -> Failure {
    format!("cannot use {}: {error}", path.display()).into()
}
