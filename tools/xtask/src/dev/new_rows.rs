//! New rows of the audit trail: passes them to `audit-archive` through `cargo lambda watch`, as DynamoDB Streams and
//! Lambda do in the cloud. So the views of the trail and the archive come into being here, too.
//!
//! It takes the rows that the functions' log names, and those before them in their chains. The embedded DynamoDB has
//! streams, but with one, each write becomes slower with every record before it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ops::audit::log::Named;
use ops::{Result, ui};
use serde_json::{Value, json};
use shared::audit::{Place, StoredRow};
use shared::model::timestamp::Timestamp;
use shared::store::Store;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::invocation::{TIME_TO_BUILD, invoke};

/// How often to look for new rows.
const POLL: Duration = Duration::from_secs(1);

/// The most rows in one invocation, as in the template.
const ROWS: usize = 100;

/// The function that takes the rows.
const FUNCTION: &str = "audit-archive";

/// The time for one invocation: the function's own limit is a minute.
const PATIENCE: Duration = TIME_TO_BUILD.saturating_add(Duration::from_secs(60));

/// The task that passes the rows on. Dropping it ends that.
pub struct NewRows(JoinHandle<()>);

impl Drop for NewRows {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl NewRows {
    /// Reads the rows of the store that this log names, and invokes the function of the `cargo lambda watch` at this port.
    pub fn start(store: Store, port: u16, log: &Path) -> Self {
        let mut reader = Reader {
            store,
            port,
            log: log.to_owned(),
            read: 0,
            next: HashMap::new(),
            due: Vec::new(),
        };
        Self(tokio::spawn(async move {
            loop {
                if let Err(problem) = reader.step().await {
                    let log = reader.log.display();
                    ui::warning(format!("{FUNCTION} failed: {problem}; see {log}"));
                }
                sleep(POLL).await;
            }
        }))
    }
}

struct Reader {
    store: Store,
    port: u16,
    log: PathBuf,
    /// How much of the log was read, in bytes.
    read: u64,
    /// The number of the next row of each chain.
    next: HashMap<String, u64>,
    /// The rows that are still to be passed on.
    due: Vec<Place>,
}

impl Reader {
    /// Passes on the rows that are new. What failed is tried again at the next step.
    async fn step(&mut self) -> Result {
        let mut named = Named::default();
        named.add(self.new_lines()?.as_slice())?;
        for (head, _) in named.rows {
            let Place { chain, seq } = head.place;
            let next = self.next.entry(chain.clone()).or_default();
            let places = (*next..=seq).map(|seq| Place { chain: chain.clone(), seq });
            self.due.extend(places);
            *next = (*next).max(seq + 1);
        }
        while !self.due.is_empty() {
            let some: Vec<Place> = self.due.iter().take(ROWS).cloned().collect();
            let rows = self.store.operator().rows_at(&some).await?;
            invoke(self.port, FUNCTION, event(&rows)?, PATIENCE).await?;
            self.due.drain(..some.len());
        }
        Ok(())
    }

    /// Returns the whole lines that the log has beyond those that were read.
    fn new_lines(&mut self) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.log)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut lines = Vec::new();
        file.read_to_end(&mut lines)?;
        let end = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        lines.truncate(end);
        self.read += u64::try_from(end).unwrap_or_default();
        Ok(lines)
    }
}

/// Returns the event with which a stream passes on new rows.
fn event(rows: &[StoredRow]) -> Result<Vec<u8>> {
    let now = Timestamp::system();
    let record = |(number, row): (usize, &StoredRow)| -> Value {
        let StoredRow { pk, sk, row, hash, ttl } = row;
        let (pk, sk) = (json!({"S": pk}), json!({"S": sk}));
        json!({
            "eventName": "INSERT",
            "dynamodb": {
                "ApproximateCreationDateTime": now.as_second(),
                "Keys": {"pk": pk, "sk": sk},
                "NewImage": {
                    "pk": pk,
                    "sk": sk,
                    "row": {"S": row},
                    "hash": {"S": hash},
                    "ttl": {"N": ttl.to_string()},
                },
                "SequenceNumber": format!("{}{number:03}", now.as_millisecond()),
            },
        })
    };
    let records: Vec<Value> = rows.iter().enumerate().map(record).collect();
    Ok(serde_json::to_vec(&json!({"Records": records}))?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;
    use crate::database::Database;

    #[tokio::test]
    async fn only_whole_lines_are_read_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("functions.log");
        fs::write(&log, "one\ntw").unwrap();
        let store = Database::in_memory().await.unwrap().store();
        let (port, next, due) = (1, HashMap::new(), Vec::new());
        let mut reader = Reader { store, port, log: log.clone(), read: 0, next, due };
        assert_eq!(reader.new_lines().unwrap(), b"one\n");
        assert_eq!(reader.new_lines().unwrap(), b"");
        let mut file = File::options().append(true).open(&log).unwrap();
        file.write_all(b"o\n").unwrap();
        assert_eq!(reader.new_lines().unwrap(), b"two\n");
    }
}
