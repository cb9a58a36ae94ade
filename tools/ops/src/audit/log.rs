//! The lines of the functions' log that name rows of the audit trail.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use shared::audit::Head;
use shared::model::timestamp::Timestamp;

use crate::data::{KEPT_LOG, LOG};

/// The first line of a log that belongs to other tables than those in its folder.
pub const OTHER_TABLES: &str = "The rows in this log are not in the tables of this folder.\n";

/// The beginning of a line about a request or about work, as the functions write it. Something else may precede it in the
/// same line of a file: another such line, or the time that a tool adds.
const BEGINNING: &str = "{\"level\":";

/// A text that only lines contain which name rows.
const ROWS: &str = "\"audit\":[";

/// The rows that log lines name.
#[derive(Debug, Default)]
pub struct Named {
    /// Each with the time of its line.
    pub rows: Vec<(Head, Timestamp)>,
    /// The number of lines that name rows but cannot be read.
    pub unreadable: usize,
}

#[derive(Deserialize)]
struct Line {
    timestamp: Timestamp,
    audit: Vec<Head>,
}

impl Named {
    /// Reads the lines of these files.
    pub fn read(files: &[PathBuf]) -> Result<Self, String> {
        let mut named = Self::default();
        for path in files {
            let read = File::open(path).and_then(|file| named.add(BufReader::new(file)));
            read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        }
        Ok(named)
    }

    /// Adds the rows that the lines of a log name.
    pub fn add(&mut self, log: impl BufRead) -> io::Result<()> {
        for line in log.split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            for rest in line.split(BEGINNING).skip(1).filter(|rest| names_rows(rest)) {
                let line = format!("{BEGINNING}{rest}");
                // The first value is the line. Something else may follow it.
                let mut values = serde_json::Deserializer::from_str(&line).into_iter::<Line>();
                match values.next() {
                    Some(Ok(Line { timestamp, audit })) => {
                        self.rows.extend(audit.into_iter().map(|head| (head, timestamp)));
                    }
                    _ => self.unreadable += 1,
                }
            }
        }
        Ok(())
    }
}

/// Whether a line of a log names rows of the audit trail.
pub fn names_rows(line: &str) -> bool {
    line.contains(ROWS)
}

/// Returns the logs in a data folder that name rows of the tables which a command uses: those in the folder, or, if a
/// `cargo dev` is running, those of the `cargo dev`.
pub fn logs_in(folder: &Path, is_running: bool) -> Result<Vec<PathBuf>, String> {
    let [kept, log] = [KEPT_LOG, LOG].map(|name| folder.join(name));
    let is_other = is_about_other_tables(&log);
    let is_other = is_other.map_err(|error| format!("cannot read {}: {error}", log.display()))?;
    let mut logs = match (is_other, is_running) {
        (false, _) => vec![kept, log],
        (true, true) => vec![log],
        (true, false) => vec![kept],
    };
    logs.retain(|path| path.exists());
    Ok(logs)
}

/// Whether a file is a log that names rows of other tables than those in its folder.
pub fn is_about_other_tables(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let mut beginning = Vec::new();
    file.take(u64::try_from(OTHER_TABLES.len()).unwrap_or(u64::MAX)).read_to_end(&mut beginning)?;
    Ok(beginning == OTHER_TABLES.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    const FIRST: &str = r#"{"level":"INFO","message":"completed","timestamp":"2026-01-31T12:00:00.000Z","operation":"patients-get","status":200,"audit":[{"chain":"a","seq":0,"hash":"h"}]}"#;
    const SECOND: &str = r#"{"level":"INFO","message":"recorded","timestamp":"2026-01-31T12:00:01.000Z","operation":"handovers-run","audit":[{"chain":"a","seq":1,"hash":"i"},{"chain":"b","seq":0,"hash":"j"}]}"#;

    fn read(log: &str) -> (Vec<String>, usize) {
        let mut named = Named::default();
        named.add(log.as_bytes()).unwrap();
        let rows = named.rows.iter().map(|(head, at)| format!("{} at {at}", head.place));
        (rows.collect(), named.unreadable)
    }

    #[test]
    fn rows_are_read_wherever_their_line_is() {
        let expected = [
            "row 0 of chain a at 2026-01-31T12:00:00.000Z",
            "row 1 of chain a at 2026-01-31T12:00:01.000Z",
            "row 0 of chain b at 2026-01-31T12:00:01.000Z",
        ];
        for log in [
            format!("{FIRST}\n{SECOND}\n"),
            format!("2026-01-31T12:00:00Z {FIRST}\tother\n\nnothing\n{SECOND}"),
            format!("{FIRST}\t{SECOND}"),
            format!("{FIRST}{SECOND}{{\"level\":\"INFO\",\"message\":\"completed\"}}\n"),
        ] {
            assert_eq!(read(&log), (expected.map(str::to_owned).into(), 0), "{log}");
        }
    }

    #[test]
    fn log_is_read_for_the_tables_that_it_is_about() {
        let folder = env::temp_dir().join(format!("healthcare-logs-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let names = |is_running| -> Vec<String> {
            let logs = logs_in(&folder, is_running).unwrap();
            let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
            logs.iter().map(name).collect()
        };
        assert!(names(true).is_empty());
        fs::write(folder.join(KEPT_LOG), "").unwrap();
        fs::write(folder.join(LOG), FIRST).unwrap();
        for is_running in [false, true] {
            assert_eq!(names(is_running), [KEPT_LOG, LOG]);
        }
        fs::write(folder.join(LOG), format!("{OTHER_TABLES}{FIRST}")).unwrap();
        assert_eq!(names(true), [LOG]);
        assert_eq!(names(false), [KEPT_LOG]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn torn_line_is_counted_and_the_next_one_is_read() {
        let torn = FIRST.strip_suffix("}]}").unwrap();
        let (rows, unreadable) = read(&format!("{torn}{SECOND}\n"));
        assert_eq!((rows.len(), unreadable), (2, 1));
    }
}
