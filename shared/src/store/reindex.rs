//! Brings the data of an older version into today's form: the places in lists, the index rows and the claims of all
//! doctors, patients and accounts, the ids of the active administrators, and the assignments of all patients.
//!
//! The work has steps, each of which can be repeated: a run that was stopped is continued, and two runs at once do no
//! harm. Each record, and each patient's care, is changed in a transaction on the condition that it is still the version
//! that was read.

mod assignments;
mod progress;
mod rewrite;
mod stale;
mod stale_assignments;

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use self::assignments::migrate;
use self::progress::{Phase, Progress};
pub use self::rewrite::Collision;
use self::rewrite::rewrite;
use self::stale::remove_stale;
use self::stale_assignments::remove_stale_assignments;
use super::error::StoreError;
use super::operator::Operator;
use super::schema;
use super::subject::{Subject, subject_in};
use super::tables::Store;
use crate::dynamo::{Key, Outcome, Rows, backoff, key_in};
use crate::model::id::{Id, PatientId};
use crate::model::patient::PatientDetails;
use crate::model::record::Details;
use crate::model::timestamp::Timestamp;

/// The number of records that are rewritten at the same time.
const AT_ONCE: usize = 16;

/// How often a step is tried while requests change its records.
const ATTEMPTS: u32 = 10;

/// A run.
pub struct Reindex<'a> {
    store: &'a Store,
    /// The number of items that a step reads.
    page: i32,
    /// The assignments whose period is over at this moment become past ones.
    now: Timestamp,
    progress: Progress,
    /// The collisions that this run has found.
    collisions: BTreeSet<Collision>,
    /// Whether this run has seen its phase from the beginning.
    is_whole: bool,
}

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// There are more steps.
    More,
    /// The data cannot get today's form until none of these collisions is left. No old claim has been removed.
    Collided(Vec<Collision>),
    /// The data have today's form.
    Done,
}

impl<'a> Operator<'a> {
    /// Begins a run whose steps read this number of items, or continues one that was stopped. Calls: GetItem.
    pub async fn reindex(&self, page: i32, now: Timestamp) -> Result<Reindex<'a>, StoreError> {
        let earlier = Progress::load(self.store).await?;
        let is_whole = earlier.is_none();
        let progress = earlier.unwrap_or_else(|| Progress::beginning(Phase::Records));
        let collisions = BTreeSet::new();
        Ok(Reindex { store: self.store, page, now, progress, collisions, is_whole })
    }

    /// Returns the number of items in the table, which DynamoDB counts every six hours. Calls: DescribeTable.
    pub async fn item_count(&self) -> Result<u64, StoreError> {
        Ok(self.store.main.state().await?.items)
    }
}

impl Reindex<'_> {
    /// Returns the number of items that have been read.
    pub fn items(&self) -> u64 {
        self.progress.items
    }

    /// Whether the records are done, so that only old rows and claims remain to be removed.
    pub fn is_removing(&self) -> bool {
        self.progress.phase == Phase::Rows
    }

    /// Does the next step. After an error, the next call repeats it. Calls: Scan, PutItem, and those of each record and
    /// of its assignments.
    pub async fn step(&mut self) -> Result<Step, StoreError> {
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            let outcome = match self.progress.phase {
                Phase::Records => self.rewrite_records().await,
                Phase::Rows => self.remove_rows().await,
            };
            match outcome {
                Err(StoreError::Contended) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended)
    }

    async fn rewrite_records(&mut self) -> Result<Step, StoreError> {
        let page = self.scan(None).await?;
        let end = page.next(key_in)?;
        let subjects = page.items.iter().filter_map(|item| subject_in(item).transpose());
        let subjects: Vec<Subject> = subjects.collect::<Result<_, _>>()?;
        let (store, now) = (self.store, self.now);
        let rewrites = subjects.into_iter().map(|subject| bring_up_to_date(store, subject, now));
        let found: Vec<Vec<Collision>> =
            stream::iter(rewrites).buffered(AT_ONCE).try_collect().await?;
        self.collisions.extend(found.into_iter().flatten());
        self.progress.collided |= !self.collisions.is_empty();
        match end {
            Some(end) => self.go_on(page.items.len(), end).await,
            None => self.end_records().await,
        }
    }

    async fn end_records(&mut self) -> Result<Step, StoreError> {
        if !self.progress.collided {
            return self.begin(Phase::Rows).await;
        }
        if !self.is_whole {
            // An earlier run found a collision among items that this run has not seen.
            return self.begin(Phase::Records).await;
        }
        self.store.main.delete(Key::reindex()).await?;
        self.progress = Progress::beginning(Phase::Records);
        Ok(Step::Collided(std::mem::take(&mut self.collisions).into_iter().collect()))
    }

    async fn remove_rows(&mut self) -> Result<Step, StoreError> {
        let page = self.scan(Some(stale::ATTRIBUTES)).await?;
        remove_stale(self.store, &page.items).await?;
        remove_stale_assignments(self.store, &page.items, self.now).await?;
        match page.next(key_in)? {
            Some(end) => self.go_on(page.items.len(), end).await,
            None => self.end().await,
        }
    }

    async fn end(&self) -> Result<Step, StoreError> {
        let transaction = self.store.main.transaction::<()>();
        match transaction.put(schema::item()).delete(Key::reindex()).commit().await? {
            Outcome::Committed => Ok(Step::Done),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }

    async fn scan(&self, attributes: Option<&str>) -> Result<Rows, StoreError> {
        Ok(self.store.main.scan(attributes, self.page, self.progress.after()).await?)
    }

    async fn go_on(&mut self, items: usize, end: Key) -> Result<Step, StoreError> {
        self.progress.advance(items, end);
        self.progress.save(self.store).await?;
        Ok(Step::More)
    }

    async fn begin(&mut self, phase: Phase) -> Result<Step, StoreError> {
        self.progress = Progress::beginning(phase);
        self.collisions.clear();
        self.is_whole = true;
        self.progress.save(self.store).await?;
        Ok(Step::More)
    }
}

/// Gives a record what it must have, and a patient also the care item. Returns the record's collisions.
async fn bring_up_to_date(
    store: &Store,
    subject: Subject,
    now: Timestamp,
) -> Result<Vec<Collision>, StoreError> {
    let patient = PatientId::new(subject.id).filter(|_| subject.kind == PatientDetails::KIND);
    let collisions = rewrite(store, subject).await?;
    if let Some(patient) = patient {
        migrate(store, patient, now).await?;
    }
    Ok(collisions)
}
