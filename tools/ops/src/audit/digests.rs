//! The digests in a copy of the archive: each names the newest rows at its time, and the digest before it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use shared::archive::{Digest, PreviousDigest, sha256};
use shared::audit::Head;
use shared::model::timestamp::Timestamp;

/// The folder of digests in an archive.
const FOLDER: &str = "digests";

/// What the digests say.
#[derive(Default)]
pub struct Digests {
    /// The rows that they name, each with the time of its digest.
    pub rows: Vec<(Head, Timestamp)>,
    /// What is wrong with them, one in a line.
    pub problems: Vec<String>,
}

impl Digests {
    /// Reads the digests of the archive in this folder; there may be none.
    pub fn read(archive: &Path) -> io::Result<Self> {
        let (mut digests, mut last) = (Self::default(), None);
        // Their names are their times.
        for path in files(&archive.join(FOLDER))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let key = format!("{FOLDER}/{name}");
            let content = fs::read(&path)?;
            let hash = sha256(&content);
            match serde_json::from_slice(&content) {
                Ok(digest) => digests.add(digest, &key, last.as_ref()),
                Err(_) => digests.problems.push(format!("{key} is no digest")),
            }
            last = Some(PreviousDigest { key, sha256: hash });
        }
        Ok(digests)
    }

    fn add(&mut self, digest: Digest, key: &str, last: Option<&PreviousDigest>) {
        // What was before the first one may have expired.
        if let Some(last) = last.filter(|last| digest.previous.as_ref() != Some(*last)) {
            let meaning = "one of the two was changed, or one between them was removed";
            self.problems.push(format!("{key} does not name {}: {meaning}", last.key));
        }
        self.rows.extend(digest.heads.into_iter().map(|head| (head, digest.at)));
    }
}

/// Returns the files in the folder, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let files: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut files = files?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}
