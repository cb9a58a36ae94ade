//! The daily work on assignments whose period is over: they become past ones. Their access ended without it; the panels
//! and the care of the patients get shorter.

use std::time::Duration;

use super::assignments::Assignments;
use super::care::Care;
use super::error::StoreError;
use super::keys::{ends_on, id_in};
use crate::dynamo::{self, Key, Outcome, Query, backoff};
use crate::model::id::PatientId;
use crate::model::timestamp::Timestamp;

/// How many days before today a run looks at: so long may the work have been too slow, or have failed.
const DAYS: u64 = 30;

/// The number of rows that are read at a time.
const ROWS: i32 = 100;

/// How often it is tried while requests change the same patient.
const ATTEMPTS: u32 = 10;

impl Assignments<'_> {
    /// Makes past ones of the assignments whose period is over, until it `is_late`. Returns the number of patients whose
    /// assignments changed. A failure with one patient is returned after the others. Calls: Query for each of 31 days
    /// and for every 100 rows; for each row GetItem and TransactWriteItems, or DeleteItem in place of the second if
    /// nothing is over.
    pub async fn lapse(
        &self,
        now: Timestamp,
        is_late: impl Fn() -> bool,
    ) -> Result<usize, StoreError> {
        let later = now.plus(Duration::from_millis(1)).to_string();
        let (mut changed, mut failure) = (0, None);
        for days in (0..=DAYS).rev() {
            let partition = ends_on(now.minus(Duration::from_hours(days * 24)));
            let mut after = None;
            loop {
                let query = Query::partition(&partition).before(&later).limit(ROWS).after(after);
                let rows = self.store.main.query(query.project("sk")).await?;
                after = rows.next(|last| Some(last.clone()))?;
                for row in rows.items {
                    if is_late() {
                        return failure.map_or(Ok(changed), Err);
                    }
                    let sk = dynamo::string(&row, "sk").unwrap_or_default().to_owned();
                    match self.lapse_at(Key { pk: partition.clone(), sk }, now).await {
                        Ok(is_changed) => changed += usize::from(is_changed),
                        Err(error) => failure = Some(error),
                    }
                }
                if after.is_none() {
                    break;
                }
            }
        }
        failure.map_or(Ok(changed), Err)
    }

    /// Makes past ones of the assignments of the patient whose first end has this row. Returns whether there was one.
    async fn lapse_at(&self, row: Key, now: Timestamp) -> Result<bool, StoreError> {
        let table = &self.store.main;
        let patient: PatientId = id_in(&row.sk).ok_or_else(|| StoreError::missing("an id"))?;
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            let item = table.get(Key::care(patient)).await?;
            let before = item.map(|item| Care::stored(patient, item)).transpose()?;
            let mut after = before.clone();
            let past = after.as_mut().map(|care| care.take_lapsed(now)).unwrap_or_default();
            let Some((before, after)) = before.zip(after).filter(|_| !past.is_empty()) else {
                // Another request has made the change. If a row is left, every further run would find it again.
                table.delete(row).await?;
                return Ok(false);
            };
            let transaction = before.replace(&after, &past, table.transaction(), ())?;
            if transaction.commit().await? == Outcome::Committed {
                return Ok(true);
            }
        }
        Err(StoreError::Contended)
    }
}
