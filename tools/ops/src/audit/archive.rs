//! A copy of the trail's archive: verified by itself and against the log, and compared with the table.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::time::Duration;

use shared::archive::sha256;
use shared::audit::verify::{Report, Verification};
use shared::audit::{Head, Place, StoredRow};
use shared::model::timestamp::Timestamp;

use super::digests::Digests;
use super::public_key::PublicKey;
use crate::{Result, ui};

/// A row is in the archive after this time at the latest: the stream keeps its records for a day.
const LAG: Duration = Duration::from_secs(24 * 60 * 60);

/// A log line is written at most this long after its rows.
const LINE_LAG: Duration = Duration::from_secs(60 * 60);

/// The ending of the names of archived objects.
const EXTENSION: &str = "jsonl";

/// The rows of the archive, and what is known so far about their agreement with the table.
pub struct Archive {
    verification: Verification,
    rows: BTreeMap<Place, Archived>,
    /// When the archive was copied.
    copied_at: Timestamp,
    /// The time of the oldest row.
    first: Option<Timestamp>,
    /// The first row of each chain in which table and archive differ.
    differences: BTreeMap<String, (u64, &'static str)>,
    /// The objects and lines that are not as `audit-archive` writes them.
    wrong: Vec<String>,
    digests: Digests,
}

struct Archived {
    hash: String,
    ttl: i64,
    is_in_table: bool,
}

/// The result of the verification of an archive.
pub struct Verified {
    pub report: Report,
    /// The problems beside those of the report, one in a line.
    pub problems: Vec<String>,
    /// A line about the signatures of the digests, if there are any.
    pub signatures: Option<String>,
}

impl Archive {
    /// Reads all objects in the folder and in the folders below, which were copied at this time. With a key, it checks
    /// the signatures of the digests.
    pub fn read(folder: &Path, key: Option<&PublicKey>, copied_at: Timestamp) -> Result<Self> {
        let cannot =
            |path: &Path, error: io::Error| format!("cannot read {}: {error}", path.display());
        let mut files = Vec::new();
        collect(folder, &mut files).map_err(|error| cannot(folder, error))?;
        if files.is_empty() {
            return Err(format!("{} has no .{EXTENSION} file", folder.display()).into());
        }
        // The names begin with the time. So if a row was archived twice, the older one is the first.
        files.sort();
        let progress = ui::progress("Archive", u64::try_from(files.len())?)?;
        let mut archive = Self {
            verification: Verification::default(),
            rows: BTreeMap::new(),
            copied_at,
            first: None,
            differences: BTreeMap::new(),
            wrong: Vec::new(),
            digests: Digests::default(),
        };
        for path in &files {
            archive.add_file(path).map_err(|error| cannot(path, error))?;
            progress.inc(1);
        }
        let digests = Digests::read(folder, key, copied_at);
        archive.digests = digests.map_err(|error| cannot(folder, error))?;
        Ok(archive)
    }

    fn add_file(&mut self, path: &Path) -> io::Result<()> {
        let content = fs::read(path)?;
        // `audit-archive` names an object by its content, so a newer version with other rows shows.
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if !name.ends_with(&sha256(&content)) {
            self.wrong
                .push(format!("{} does not have the content that its name says", path.display()));
        }
        for (number, line) in (1..).zip(content.lines()) {
            match serde_json::from_str(&line?) {
                Ok(stored) => self.add(&stored),
                Err(_) => {
                    self.wrong.push(format!("line {number} of {} is no row", path.display()));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, stored: &StoredRow) {
        if let Some(row) = stored.row() {
            self.first = Some(self.first.map_or(row.at, |first| first.min(row.at)));
            // A row may be archived twice. If the texts differ, the verification says so, and the first one is right.
            let (hash, ttl) = (stored.hash.clone(), stored.ttl);
            self.rows.entry(row.place).or_insert(Archived { hash, ttl, is_in_table: false });
        }
        let item = stored.into();
        self.verification.add_row(&item);
    }

    /// Whether it has digests, which name its rows.
    pub fn has_digests(&self) -> bool {
        !self.digests.rows.is_empty()
    }

    /// Compares an item of the table, which is in no view, with the archive.
    pub fn compare(&mut self, stored: &StoredRow) {
        // The key names the place, because the text may be that of another row.
        let Some(place) = place_of(stored) else { return };
        let Some(archived) = self.rows.get_mut(&place) else {
            if stored.row().is_some_and(|row| self.has_all_until(row.at)) {
                self.differ(place, "is in the table, but not in the archive");
            }
            return;
        };
        archived.is_in_table = true;
        if archived.hash != stored.hash {
            self.differ(place, "differs from the archive");
        }
    }

    /// Returns the problems, after the whole table has been compared. The log names these rows.
    pub fn verified(mut self, named: &[(Head, Timestamp)], now: Timestamp) -> Verified {
        let absent = self.rows.iter().filter(|(_, row)| {
            // Expired rows are only in the archive.
            !row.is_in_table && row.ttl > now.as_second()
        });
        let absent: Vec<Place> = absent.map(|(place, _)| place.clone()).collect();
        for place in absent {
            self.differ(place, "is in the archive, but not in the table");
        }
        let named: Vec<_> = named.iter().filter(|(head, at)| self.must_have(head, *at)).collect();
        let mut verification = self.verification;
        let named = named.into_iter().cloned().chain(self.digests.rows);
        for (head, at) in named {
            verification.add_witness(head, at);
        }
        // Nothing in the archive has expired, as if no time had passed.
        let report = verification.report(Duration::ZERO, Timestamp::from_millisecond(0));
        let differences = self.differences.into_iter();
        let differences =
            differences.map(|(chain, (seq, it))| format!("{}: {it}", Place { chain, seq }));
        let problems = self.wrong.into_iter().chain(self.digests.problems).chain(differences);
        Verified { report, problems: problems.collect(), signatures: self.digests.signatures }
    }

    /// Whether the archive has a row that a log line of this time names, or must have it.
    fn must_have(&self, head: &Head, at: Timestamp) -> bool {
        let is_older = self.first.is_some_and(|first| at < first.plus(LINE_LAG));
        self.rows.contains_key(&head.place) || (!is_older && self.has_all_until(at))
    }

    /// Keeps the first difference of each chain.
    fn differ(&mut self, place: Place, problem: &'static str) {
        let first = self.differences.entry(place.chain).or_insert((place.seq, problem));
        if place.seq < first.0 {
            *first = (place.seq, problem);
        }
    }

    /// Whether the archive must have the rows of this time.
    fn has_all_until(&self, at: Timestamp) -> bool {
        at.plus(LAG) < self.copied_at
    }
}

/// Returns the place that a row's key names.
fn place_of(stored: &StoredRow) -> Option<Place> {
    let chain = stored.pk.strip_prefix("CHAIN#")?.to_owned();
    Some(Place { chain, seq: stored.sk.parse().ok()? })
}

/// Adds the archived objects in a folder and in the folders below.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    Ok(())
}
