//! The digests in a copy of the archive: each names the newest rows at its time, and the digest before it. A digest may
//! be signed.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use shared::archive::{Digest, PreviousDigest, SIGNATURE, sha256};
use shared::audit::Head;
use shared::model::timestamp::Timestamp;

use super::count;
use super::public_key::PublicKey;

/// The folder of digests in an archive.
const FOLDER: &str = "digests";

/// A digest may be without a signature for this long: the next one, an hour later, names it and is signed.
const UNSIGNED: Duration = Duration::from_secs(2 * 60 * 60);

/// A digest may be this much later than the time of the copy, which is not exact.
const AHEAD: Duration = Duration::from_secs(2 * 60 * 60);

/// The digests of an archive.
#[derive(Default)]
pub struct Digests {
    /// The rows that they name, each with the time of its digest.
    pub rows: Vec<(Head, Timestamp)>,
    /// The errors in them, one in a line.
    pub problems: Vec<String>,
    /// A line about their signatures, if there are any.
    pub signatures: Option<String>,
}

/// The signatures of the digests so far.
#[derive(Default)]
struct Signatures {
    digests: usize,
    /// The digests that have a signature.
    signed: usize,
    /// The signatures of the key.
    right: usize,
    /// The first digest after the last one with a signature, and its time.
    unsigned: Option<(String, Timestamp)>,
}

impl Digests {
    /// Reads the digests of the archive in this folder; there may be none. With a key, it checks their signatures.
    pub fn read(archive: &Path, key: Option<&PublicKey>, now: Timestamp) -> io::Result<Self> {
        let (mut digests, mut last) = (Self::default(), None);
        let mut signatures = Signatures::default();
        // Their names are their times.
        for path in files(&archive.join(FOLDER), "json")? {
            let name = name(&path);
            let content = fs::read(&path)?;
            let hash = sha256(&content);
            let digest = serde_json::from_slice::<Digest>(&content).ok();
            // `audit-digest` reports it, too. The next digest names the one before it.
            let Some(digest) = digest.filter(|it| it.is_of(&name, now.plus(AHEAD))) else {
                let problem =
                    "is no digest of the hour in its name: somebody else put or changed it";
                digests.problems.push(format!("{name} {problem}"));
                continue;
            };
            let at = digest.at;
            digests.add(digest, &name, last.as_ref());
            match optional(&archive.join(format!("{name}{SIGNATURE}")))? {
                Some(signature) => {
                    let is_right = key.map(|key| key.has_signed(&content, &signature));
                    digests.problems.extend(signatures.add(&name, is_right));
                }
                None => signatures.add_unsigned(&name, at),
            }
            last = Some(PreviousDigest { key: name, sha256: hash });
        }
        for path in files(&archive.join(FOLDER), SIGNATURE.trim_start_matches('.'))? {
            if !path.with_extension("").exists() {
                digests.problems.push(format!("{} is there, but not its digest", name(&path)));
            }
        }
        digests.problems.extend(key.and_then(|_| signatures.missing(now)));
        digests.signatures = signatures.summary(key.is_some());
        Ok(digests)
    }

    fn add(&mut self, digest: Digest, key: &str, last: Option<&PreviousDigest>) {
        // The digests before the first one may have expired.
        if let Some(last) = last.filter(|last| digest.previous.as_ref() != Some(*last)) {
            let meaning = "one of the two was changed, or one between them was removed";
            self.problems.push(format!("{key} does not name {}: {meaning}", last.key));
        }
        self.rows.extend(digest.heads.into_iter().map(|head| (head, digest.at)));
    }
}

impl Signatures {
    /// Adds a digest with a signature. Returns the problem if the signature is wrong.
    fn add(&mut self, digest: &str, is_right: Option<bool>) -> Option<String> {
        self.digests += 1;
        self.signed += 1;
        self.unsigned = None;
        match is_right {
            Some(true) => self.right += 1,
            None => {}
            Some(false) => {
                let meaning = "it was changed, or another key signed it";
                return Some(format!("{digest} does not have its signature: {meaning}"));
            }
        }
        None
    }

    fn add_unsigned(&mut self, digest: &str, at: Timestamp) {
        self.digests += 1;
        self.unsigned.get_or_insert_with(|| (digest.to_owned(), at));
    }

    /// Returns the problem if the last digests have no signature. A digest that is followed by one with a signature needs
    /// none, because that one names its hash.
    fn missing(&self, now: Timestamp) -> Option<String> {
        if self.signed == 0 {
            return Some("no digest has a signature".to_owned());
        }
        let (digest, at) = self.unsigned.as_ref()?;
        (*at < now.minus(UNSIGNED))
            .then(|| format!("{digest} has no signature, and neither has a later digest"))
    }

    fn summary(&self, are_checked: bool) -> Option<String> {
        let digests = count(self.digests, "digest");
        match (are_checked, self.signed) {
            (true, _) => Some(format!("{} of {digests} signed by the key", self.right)),
            (false, 0) => None,
            (false, signed) => Some(format!(
                "{signed} of {digests} signed, but the signatures are not checked; see --signing-key"
            )),
        }
    }
}

/// Returns the name of a digest or of a signature in the archive.
fn name(path: &Path) -> String {
    format!("{FOLDER}/{}", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Returns the content of a file; `None` if it does not exist.
fn optional(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        content => content.map(Some),
    }
}

/// Returns the files in the folder with this extension, in the order of their names.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let files: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut files = files?;
    files.retain(|path| path.extension().is_some_and(|it| it == extension));
    files.sort();
    Ok(files)
}
