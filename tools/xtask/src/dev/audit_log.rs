//! The log of the functions, and its lines that name rows of the audit trail. The log begins anew with each `cargo dev`;
//! these lines are kept, because without them nobody could see that the end of a chain was removed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use ops::Result;
use ops::audit::log::{OTHER_TABLES, is_about_other_tables, names_rows};
use ops::data::{KEPT_LOG, LOG};

/// Begins a new log in the data folder, after it has kept the lines of the last one. `has_own_tables` says whether the
/// functions use the tables in the folder: otherwise their lines are not kept.
pub fn begin(folder: &Path, has_own_tables: bool) -> Result<File> {
    let path = folder.join(LOG);
    let cannot = |error: io::Error| format!("cannot write {}: {error}", path.display());
    keep(folder).map_err(|error| format!("cannot keep lines of {}: {error}", path.display()))?;
    let mut log = File::create(&path).map_err(cannot)?;
    if !has_own_tables {
        log.write_all(OTHER_TABLES.as_bytes()).map_err(cannot)?;
    }
    Ok(log)
}

fn keep(folder: &Path) -> io::Result<()> {
    let path = folder.join(LOG);
    if !path.try_exists()? || is_about_other_tables(&path)? {
        return Ok(());
    }
    let mut kept = Vec::new();
    for line in BufReader::new(File::open(&path)?).split(b'\n') {
        let line = line?;
        if names_rows(&String::from_utf8_lossy(&line)) {
            kept.extend(line);
            kept.push(b'\n');
        }
    }
    if kept.is_empty() {
        return Ok(());
    }
    // A process that was killed here may have left half a line behind.
    kept.insert(0, b'\n');
    let mut file = OpenOptions::new().append(true).create(true).open(folder.join(KEPT_LOG))?;
    file.write_all(&kept)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ROW: &str = r#"{"level":"INFO","message":"completed","audit":[{"chain":"a","seq":0}]}"#;
    const OTHER: &str = r#"{"level":"INFO","message":"completed","operation":"health"}"#;

    fn kept(folder: &Path) -> String {
        fs::read_to_string(folder.join(KEPT_LOG)).unwrap_or_default()
    }

    /// Begins a log, and writes these lines.
    fn run(folder: &Path, has_own_tables: bool, lines: &[&str]) {
        let mut log = begin(folder, has_own_tables).unwrap();
        for line in lines {
            writeln!(log, "{line}").unwrap();
        }
    }

    #[test]
    fn lines_that_name_rows_outlive_the_log() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), true, &[OTHER, ROW]);
        assert_eq!(kept(folder.path()), "");
        run(folder.path(), true, &[ROW, ROW]);
        assert_eq!(kept(folder.path()), format!("\n{ROW}\n"));
        run(folder.path(), true, &[OTHER]);
        assert_eq!(kept(folder.path()), format!("\n{ROW}\n\n{ROW}\n{ROW}\n"));
        assert_eq!(fs::read_to_string(folder.path().join(LOG)).unwrap(), format!("{OTHER}\n"));
    }

    #[test]
    fn lines_about_other_tables_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), false, &[ROW]);
        assert!(is_about_other_tables(&folder.path().join(LOG)).unwrap());
        run(folder.path(), true, &[ROW]);
        assert_eq!(kept(folder.path()), "");
        run(folder.path(), true, &[]);
        assert_eq!(kept(folder.path()), format!("\n{ROW}\n"));
    }
}
