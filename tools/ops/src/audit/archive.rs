//! A copy of the trail's archive: verified by itself and against the log, and compared with the table.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use shared::audit::verify::{Report, Verification};
use shared::audit::{Head, Place, StoredRow};
use shared::model::timestamp::Timestamp;

use super::digests::Digests;
use crate::{Result, ui};

/// By then a row is in the archive: the stream keeps its records for a day.
const LAG: Duration = Duration::from_secs(24 * 60 * 60);

/// A log line is at most this much later than its rows.
const OF_LINE: Duration = Duration::from_secs(60 * 60);

/// The ending of the names of archived objects.
const EXTENSION: &str = "jsonl";

/// The rows of the archive, and what is known so far about their agreement with the table.
#[derive(Default)]
pub struct Archive {
    verification: Verification,
    rows: BTreeMap<Place, Archived>,
    /// The times of the first and the last row.
    span: Option<(Timestamp, Timestamp)>,
    /// The first row of each chain in which table and archive differ.
    differences: BTreeMap<String, (u64, &'static str)>,
    /// The lines that are no rows.
    unreadable: Vec<String>,
    digests: Digests,
}

struct Archived {
    hash: String,
    ttl: i64,
    is_in_table: bool,
}

/// The result.
pub struct Verified {
    pub report: Report,
    /// What the report does not say, one in a line.
    pub problems: Vec<String>,
}

impl Archive {
    /// Reads all objects in the folder and in the folders below.
    pub fn read(folder: &Path) -> Result<Self> {
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
        let mut archive = Self::default();
        for path in &files {
            archive.add_file(path).map_err(|error| cannot(path, error))?;
            progress.inc(1);
        }
        archive.digests = Digests::read(folder).map_err(|error| cannot(folder, error))?;
        Ok(archive)
    }

    fn add_file(&mut self, path: &Path) -> io::Result<()> {
        for (number, line) in (1..).zip(BufReader::new(File::open(path)?).lines()) {
            match serde_json::from_str(&line?) {
                Ok(stored) => self.add(&stored),
                Err(_) => {
                    self.unreadable.push(format!("line {number} of {} is no row", path.display()));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, stored: &StoredRow) {
        if let Some(row) = stored.row() {
            let (first, last) = self.span.unwrap_or((row.at, row.at));
            self.span = Some((first.min(row.at), last.max(row.at)));
            // A row may be archived twice. If the texts differ, the verification says so, and the first one is right.
            let (hash, ttl) = (stored.hash.clone(), stored.ttl);
            self.rows.entry(row.place).or_insert(Archived { hash, ttl, is_in_table: false });
        }
        let item = stored.into();
        self.verification.add_row(&item);
    }

    /// Compares an item of the table, which is not one of a view, with the archive.
    pub fn compare(&mut self, stored: &StoredRow) {
        // By its key, because its text may be another row's.
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

    /// Returns what is wrong. The whole table has been compared, and the log names these rows.
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
        let problems = self.unreadable.into_iter().chain(self.digests.problems).chain(differences);
        Verified { report, problems: problems.collect() }
    }

    /// Whether the archive must have a row that a log line of this moment names, or has it.
    fn must_have(&self, head: &Head, at: Timestamp) -> bool {
        let is_within_span = self.began_before(at) && self.has_all_until(at);
        is_within_span || self.rows.contains_key(&head.place)
    }

    /// Keeps the first difference of each chain.
    fn differ(&mut self, place: Place, problem: &'static str) {
        let first = self.differences.entry(place.chain).or_insert((place.seq, problem));
        if place.seq < first.0 {
            *first = (place.seq, problem);
        }
    }

    /// Whether the archive must have the rows of this moment: it has been copied later, and each row is in it within a
    /// day.
    fn has_all_until(&self, at: Timestamp) -> bool {
        self.span.is_some_and(|(_, last)| at.plus(LAG) <= last)
    }

    /// Whether the rows of a log line of this moment are not older than the archive.
    fn began_before(&self, at: Timestamp) -> bool {
        self.span.is_some_and(|(first, _)| first.plus(OF_LINE) <= at)
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
