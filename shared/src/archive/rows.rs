//! The archived rows: an object for each batch of the stream, with a line for each row.

use super::objects::{Archive, ArchiveError, sha256};
use crate::audit::StoredRow;
use crate::model::timestamp::Timestamp;

/// The prefix of the keys of objects with rows.
pub(super) const ROWS: &str = "rows/";

impl Archive {
    /// Puts the rows of a batch, which came at this time and whose first row has this number in its shard of the stream.
    /// The key also names the content: the same batch again changes nothing, and another batch that begins with the
    /// same row is another object. Returns the key.
    pub async fn put_rows(
        &self,
        at: Timestamp,
        sequence_number: &str,
        rows: &[StoredRow],
    ) -> Result<String, ArchiveError> {
        let mut content = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut content, row)
                .map_err(|_| ArchiveError::Json("a row".to_owned()))?;
            content.push(b'\n');
        }
        let hash = sha256(&content);
        let key = format!("{}/{sequence_number}-{hash}.jsonl", keys_in_hour(at));
        self.put(&key, content).await?;
        Ok(key)
    }
}

/// Returns the beginning of the keys of the rows of an hour, `rows/2026/01/31/12`. It sorts before all of them.
pub(super) fn keys_in_hour(at: Timestamp) -> String {
    let text = at.to_string();
    let hour = text.get(.."2026-01-31T12".len()).unwrap_or_default();
    format!("{ROWS}{}", hour.replace(['-', 'T'], "/"))
}

/// Returns the rows in the content of an object.
pub fn rows_in(key: &str, content: &[u8]) -> Result<Vec<StoredRow>, ArchiveError> {
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows: Result<_, _> = lines.map(serde_json::from_slice).collect();
    rows.map_err(|_| ArchiveError::Json(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_time() {
        let at = "2026-01-31T12:59:59.999Z".parse().unwrap();
        assert_eq!(keys_in_hour(at), "rows/2026/01/31/12");
    }
}
