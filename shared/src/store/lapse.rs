//! The daily work on assignments whose period is over: they become past ones. Their access ended without it; the panels
//! and the care of the patients get shorter.

use std::time::Duration;

use super::assignments::Assignments;
use super::error::StoreError;
use super::keys::{ends_on, id_in};
use crate::dynamo::{self, DynamoError, Key, Query};
use crate::model::id::PatientId;
use crate::model::timestamp::Timestamp;

/// How many days before today a run looks at: so long may the work have been too slow, or have failed.
const DAYS: u64 = 30;

/// The number of rows that are read at a time.
const ROWS: i32 = 100;

impl Assignments<'_> {
    /// Makes past ones of the assignments whose period is over, until it `is_late`. Returns the number of patients whose
    /// assignments changed, and what failed: one patient does not stop the others, and lateness is a failure if rows are
    /// left. Calls: Query for each of 31 days and for every 100 rows; for each row GetItem and TransactWriteItems, and a
    /// last GetItem; DeleteItem in place of the second and third if nothing is over.
    pub async fn lapse(
        &self,
        now: Timestamp,
        is_late: impl Fn() -> bool,
    ) -> (usize, Result<(), StoreError>) {
        let mut changed = 0;
        let outcome = self.lapse_until_late(now, is_late, &mut changed).await;
        (changed, outcome)
    }

    async fn lapse_until_late(
        &self,
        now: Timestamp,
        is_late: impl Fn() -> bool,
        changed: &mut usize,
    ) -> Result<(), StoreError> {
        let later = now.plus(Duration::from_millis(1)).to_string();
        let mut outcome = Ok(());
        for days in (0..=DAYS).rev() {
            let partition = ends_on(now.minus(Duration::from_hours(days * 24)));
            let mut after = None;
            loop {
                let query = Query::partition(&partition).before(&later).limit(ROWS).after(after);
                let rows = self.store.main.query(query.project("sk")).await?;
                after = rows.next(|last| Some(last.clone()))?;
                for row in rows.items {
                    if is_late() {
                        return outcome.and(Err(too_late()));
                    }
                    let sk = dynamo::string(&row, "sk").unwrap_or_default().to_owned();
                    match self.lapse_at(Key { pk: partition.clone(), sk }, now).await {
                        Ok(is_changed) => *changed += usize::from(is_changed),
                        Err(error) => outcome = Err(error),
                    }
                }
                if after.is_none() {
                    break;
                }
            }
        }
        outcome
    }

    /// Makes past ones of the assignments of the patient whose first end has this row. Returns whether there was one.
    async fn lapse_at(&self, row: Key, now: Timestamp) -> Result<bool, StoreError> {
        let patient: PatientId = id_in(&row.sk).ok_or_else(|| StoreError::missing("an id"))?;
        let mut is_changed = false;
        while self.store.end_episodes(patient, |care| care.take_lapsed(now)).await? {
            is_changed = true;
        }
        if !is_changed {
            // Another request has made the change. If a row is left, every further run would find it again.
            self.store.main.delete(row).await?;
        }
        Ok(is_changed)
    }
}

fn too_late() -> StoreError {
    let cause = "the time was too short for all lapsed assignments";
    DynamoError::Unavailable(cause.to_owned()).into()
}
