//! The worker of hand-overs: moves the patients of doctors whose hand-over is due, one after another.
//!
//! Each move is a transaction of its own, which also counts the move and notes how far the worker is. So a worker can
//! stop at any point, and the next one goes on from there. A worker has a job only while the job names its lease: of
//! two workers, the one that lost it changes nothing.

use std::time::Duration;

use super::assignments::CareRequest;
use super::error::StoreError;
use super::handovers::{Handovers, Job, JobRef, Pass};
use super::keys::{OPEN_JOBS, id_in_sort_key};
use super::moves::{IfShorter, Move};
use super::tables::Store;
use crate::dynamo::{self, Changed, Expression, Key, Outcome, Query, ReadPlan, backoff};
use crate::model::handover::HandoverId;
use crate::model::id::PatientId;
use crate::model::timestamp::Timestamp;
use crate::system::System;

/// How long a job waits for a worker that was stopped: longer than a worker runs.
const LEASE: Duration = Duration::from_secs(90);

/// How often a move is tried while requests change the same patient.
const ATTEMPTS: u32 = 10;

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// The number of hand-overs that it worked on.
    pub jobs: usize,
    /// The number of patients who moved.
    pub moved: usize,
}

/// A job that this worker has.
struct Leased<'a> {
    store: &'a Store,
    system: &'a System,
    lease: String,
    job: Job,
    /// The number of patients whom this worker has moved.
    moved: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// Another worker has the job.
    Lease,
    /// What the move depends on has changed since it was read.
    Care,
}

impl Handovers<'_> {
    /// Moves the patients of all hand-overs that are due, until it `is_late`. A failure ends the work on its hand-over,
    /// and is returned after the others. Calls: Query; for each hand-over UpdateItem, Query for every megabyte of the
    /// panel, UpdateItem; Query and UpdateItem for every 40 rows of the panel, BatchGetItem and TransactWriteItems for
    /// each row; once more a Query at the end of the panel, and UpdateItem if patients moved: then the panel is read
    /// again. A last count of the panel, and TransactWriteItems.
    pub async fn run(
        &self,
        system: &System,
        is_late: impl Fn() -> bool + Copy,
    ) -> Result<Progress, StoreError> {
        let mut progress = Progress::default();
        let mut failure = None;
        for id in self.due(system.now()).await? {
            if is_late() {
                break;
            }
            let worked = self.work_on(&id, system, is_late, &mut progress).await;
            failure = worked.err().or(failure);
        }
        failure.map_or(Ok(progress), Err)
    }

    async fn work_on(
        &self,
        id: &HandoverId,
        system: &System,
        is_late: impl Fn() -> bool,
        progress: &mut Progress,
    ) -> Result<(), StoreError> {
        let Some(mut leased) = Leased::take(self.store, system, id).await? else { return Ok(()) };
        let worked = leased.work(is_late).await;
        progress.jobs += 1;
        progress.moved += leased.moved;
        worked
    }

    /// Returns the hand-overs that are due and not done. Those of one page: it has room for thousands.
    async fn due(&self, now: Timestamp) -> Result<Vec<HandoverId>, StoreError> {
        let later = now.plus(Duration::from_millis(1)).to_string();
        let rows = self.store.main.query(Query::partition(OPEN_JOBS).before(&later)).await?;
        let id_in = |row| dynamo::parse(row).map(|JobRef { job_id }| job_id);
        Ok(rows.items.into_iter().map(id_in).collect::<Result<_, _>>()?)
    }
}

impl<'a> Leased<'a> {
    /// Takes the job; `None` if another worker has it or has done it.
    async fn take(
        store: &'a Store,
        system: &'a System,
        id: &HandoverId,
    ) -> Result<Option<Self>, StoreError> {
        const IS_FREE: &str = "attribute_exists(pk) AND attribute_not_exists(finished_at) \
            AND (attribute_not_exists(lease) OR lease_until <= :now)";
        let lease = system.random_text::<16>();
        let lease = lease.map_err(|error| StoreError::unexpected(error.to_string()))?;
        let now = system.now();
        let take = Expression::update("SET lease = :lease, lease_until = :until")
            .only_if(IS_FREE)
            .text(":lease", &lease)
            .text(":until", now.plus(LEASE))
            .text(":now", now);
        let item = match store.main.change(Key::job(id), take).await? {
            Changed::Done(item) => item,
            // The reply was lost, and the call was sent again.
            Changed::Refused(Some(item)) if dynamo::string(&item, "lease") == Some(&lease) => item,
            Changed::Refused(_) => return Ok(None),
        };
        Ok(Some(Self { store, system, lease, job: dynamo::parse(item)?, moved: 0 }))
    }

    /// Moves patients until none is left, it `is_late`, or another worker has the job.
    async fn work(&mut self, is_late: impl Fn() -> bool) -> Result<(), StoreError> {
        if !self.count().await? {
            return Ok(());
        }
        loop {
            let Job { from_doctor_id, pass: Pass { after, moved, .. }, .. } = &self.job;
            let rows = self.store.panel_rows(*from_doctor_id, after.as_deref()).await?;
            if rows.is_empty() {
                let kept = self.job.pass.kept;
                if !moved && self.store.panel_size(*from_doctor_id).await? == kept {
                    return self.finish().await;
                }
                // The row of a patient who was renamed may be before those that are done.
                self.job.pass = Pass::default();
            }
            for row in rows {
                if is_late() {
                    self.save(self.system.now()).await?;
                    return Ok(());
                }
                if !self.step(row.sk).await? {
                    return Ok(());
                }
            }
            if !self.save(self.system.now().plus(LEASE)).await? {
                return Ok(());
            }
        }
    }

    /// Moves the patient of a row, or passes over the row. Returns whether this worker still has the job.
    async fn step(&mut self, row: String) -> Result<bool, StoreError> {
        let patient = id_in_sort_key(&row).ok_or_else(|| StoreError::missing("an id"))?;
        let next = Pass { after: Some(row), ..self.job.pass.clone() };
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            let now = self.system.now();
            let moving = self.move_of(patient);
            let mut items = self.store.main.batch_get(ReadPlan::whole(moving.keys())).await?;
            let change = match moving.change(&mut items, self.job.created_by, now) {
                Ok(Some(change)) => change,
                // The assignment has ended since the row was read.
                Ok(None) => {
                    self.job.pass = Pass { kept: next.kept + 1, ..next };
                    return Ok(true);
                }
                Err(StoreError::Care(_) | StoreError::NotFound(_)) => {
                    let (kept, refused) = (next.kept + 1, next.refused + 1);
                    self.job.pass = Pass { kept, refused, ..next };
                    return Ok(true);
                }
                Err(error) => return Err(error),
            };
            let pass = Pass { moved: true, ..next.clone() };
            let count = "SET lease_until = :until, pass = :pass ADD moved :one, #left :less";
            let count = Expression::update(count)
                .text(":until", now.plus(LEASE))
                .value(":pass", &pass)?
                .number(":one", 1)
                .number(":less", -1);
            let (job, count) = (Key::job(&self.job.id), self.while_leased(count));
            let transaction = change.add_to(self.store.main.transaction(), Refusal::Care)?;
            match transaction.update(job, count, Refusal::Lease).commit().await? {
                Outcome::Committed => {
                    self.job.pass = pass;
                    self.moved += 1;
                    return Ok(true);
                }
                Outcome::Refused(refusals) if refusals.contains(&Refusal::Lease) => {
                    return Ok(false);
                }
                Outcome::Refused(_) => {}
            }
        }
        Err(StoreError::Contended)
    }

    fn move_of(&self, patient_id: PatientId) -> Move<'_> {
        let Job { from_doctor_id, to_doctor_id, ref reason, .. } = self.job;
        let (reason, if_shorter) = (reason.as_ref(), IfShorter::Extend);
        Move { patient_id, from_doctor_id, to_doctor_id, reason, if_shorter }
    }

    /// Counts the patients who are left. Returns as [`Self::change`].
    async fn count(&self) -> Result<bool, StoreError> {
        let left = self.store.panel_size(self.job.from_doctor_id).await?;
        self.change(Expression::update("SET #left = :left").number(":left", left)).await
    }

    /// Notes how far this worker is, and how long it has the job. Returns as [`Self::change`].
    async fn save(&self, lease_until: Timestamp) -> Result<bool, StoreError> {
        let change = Expression::update("SET lease_until = :until, pass = :pass")
            .text(":until", lease_until)
            .value(":pass", &self.job.pass)?;
        self.change(change).await
    }

    /// Ends the hand-over, unless another worker has the job.
    async fn finish(&self) -> Result<(), StoreError> {
        let Job { id, from_doctor_id, effective_at, pass, .. } = &self.job;
        let finish = "SET finished_at = :now, #left = :left REMOVE lease, lease_until, pass";
        let finish = Expression::update(finish)
            .text(":now", self.system.now())
            .number(":left", pass.refused);
        let transaction = self
            .store
            .main
            .transaction()
            .update(Key::job(id), self.while_leased(finish), ())
            .delete(Key::handing_over(*from_doctor_id))
            .delete(Key::open_job(*effective_at, id));
        transaction.commit().await?;
        Ok(())
    }

    /// Changes the job. Returns whether this worker still has it.
    async fn change(&self, change: Expression) -> Result<bool, StoreError> {
        let change = self.while_leased(change);
        match self.store.main.change(Key::job(&self.job.id), change).await? {
            Changed::Done(_) => Ok(true),
            Changed::Refused(_) => Ok(false),
        }
    }

    /// Adds to a change of the job the condition that this worker still has it.
    fn while_leased(&self, change: Expression) -> Expression {
        change.only_if("lease = :lease").text(":lease", &self.lease)
    }
}
