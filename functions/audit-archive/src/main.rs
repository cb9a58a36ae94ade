//! Copies each new row of the audit trail to the archive, and puts it into the views in which readers find it. Reports
//! rows that somebody changed or removed. The stream of the trail's table invokes it, in order, and again with the same
//! records if it fails.

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use serde::Deserialize;
use shared::archive::Archive;
use shared::audit::StoredRow;
use shared::model::timestamp::Timestamp;
use shared::{App, log, serve_event};

#[cfg(test)]
mod tests;

/// The prefix of the partition keys of rows. The event source leaves out the items of views.
const CHAIN_PREFIX: &str = "CHAIN#";

/// DynamoDB's name for itself when it deletes what has expired.
const DYNAMODB: &str = "dynamodb.amazonaws.com";

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// The event of the stream.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    records: Vec<Record>,
}

/// A change of one item.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: Kind,
    /// The service that made the change; `None` if it was a caller of DynamoDB.
    user_identity: Option<UserIdentity>,
    dynamodb: Change,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Insert,
    Modify,
    Remove,
}

/// DynamoDB itself writes the name with a capital letter, and Lambda without.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    #[serde(alias = "PrincipalId")]
    principal_id: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    /// In seconds since 1970.
    approximate_creation_date_time: f64,
    keys: Item,
    #[serde(default)]
    new_image: Item,
    sequence_number: String,
}

type Item = BTreeMap<String, Attribute>;

/// A text or a number; values of other types are empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attribute {
    s: Option<String>,
    n: Option<String>,
}

fn main() -> ExitCode {
    serve_event(copy)
}

async fn copy(app: App, archive: Arc<Archive>, batch: Batch) -> Outcome {
    let is_of_chain = |record: &Record| record.key("pk").starts_with(CHAIN_PREFIX);
    let records: Vec<Record> = batch.records.into_iter().filter(is_of_chain).collect();
    let mut rows = Vec::new();
    for record in &records {
        match record.event_name {
            Kind::Insert => rows.push(record.inserted()),
            Kind::Modify => report("changed", record),
            Kind::Remove if record.has_expired() => {}
            Kind::Remove => report("removed", record),
        }
    }
    let Some(first) = records.iter().find(|record| record.event_name == Kind::Insert) else {
        return Ok(());
    };
    archive.put_rows(first.made_at(), &first.dynamodb.sequence_number, &rows).await?;
    // An item that is not a valid row is archived unchanged, but put into no view.
    for (record, row) in records.iter().filter(|it| it.event_name == Kind::Insert).zip(&rows) {
        if row.row().is_none() {
            report("put by somebody else", record);
        }
    }
    rows.retain(|row| row.row().is_some());
    app.store().put_views(&rows).await?;
    Ok(())
}

/// Logs that the row of this record is not as a function wrote it.
fn report(what: &str, record: &Record) {
    let pk = record.key("pk");
    log::note_tampering(what, pk.strip_prefix(CHAIN_PREFIX).unwrap_or(pk), record.key("sk"));
}

impl Record {
    fn key(&self, name: &str) -> &str {
        let attribute = self.dynamodb.keys.get(name);
        attribute.and_then(|it| it.s.as_deref()).unwrap_or_default()
    }

    /// Whether DynamoDB deleted the item because of its `ttl`.
    fn has_expired(&self) -> bool {
        self.user_identity.as_ref().is_some_and(|it| it.principal_id == DYNAMODB)
    }

    /// Returns the inserted item as a row. It may be invalid.
    fn inserted(&self) -> StoredRow {
        let attribute = |name: &str| self.dynamodb.new_image.get(name);
        let text = |name: &str| attribute(name).and_then(|it| it.s.clone()).unwrap_or_default();
        let ttl = attribute("ttl").and_then(|it| it.n.as_ref()?.parse().ok());
        StoredRow {
            pk: self.key("pk").to_owned(),
            sk: self.key("sk").to_owned(),
            row: text("row"),
            hash: text("hash"),
            ttl: ttl.unwrap_or_default(),
        }
    }

    fn made_at(&self) -> Timestamp {
        let milliseconds = self.dynamodb.approximate_creation_date_time * 1000.0;
        Timestamp::from_millisecond(milliseconds as i64)
    }
}
