//! The worker of hand-overs: moves the patients of doctors whose hand-over is due, one after another.
//!
//! Each move is a transaction of its own, which also counts the move and notes how far the worker is. So a worker can
//! stop at any point, and the next one goes on from there. A worker has a job only while the job names its lease: of
//! two workers, the one that lost it changes nothing.

use std::time::Duration;

use super::care_changes::CareRequest;
use super::error::StoreError;
use super::handovers::{Handovers, Job, JobRef, Pass};
use super::keys::{OPEN_JOBS, id_in_sort_key};
use super::moves::{IfShorter, Move};
use super::tables::Store;
use crate::dynamo::{
    self, Changed, DynamoError, Expression, Key, Outcome, Query, ReadPlan, backoff,
};
use crate::model::conflict::Conflict;
use crate::model::handover::HandoverId;
use crate::model::id::PatientId;
use crate::model::timestamp::Timestamp;
use crate::system::System;

/// How long a job waits for a worker that was stopped: longer than a worker runs.
const LEASE: Duration = Duration::from_secs(90);

/// How often a move is tried while requests change the same patient.
const ATTEMPTS: u32 = 10;

/// A job that this worker has.
struct Leased<'a> {
    store: &'a Store,
    system: &'a System,
    lease: String,
    job: Job,
    /// The number of patients whom this worker has moved.
    moved: usize,
    /// Why the last patient who should have moved could not, other than by a rule of care.
    failure: Option<StoreError>,
}

/// How the work on a row ended.
enum Step {
    /// The patient has moved, or stays.
    Done,
    /// Another worker has the job.
    LeaseLost,
    /// The new doctor hands over all patients.
    NewDoctorLeaves,
    NewDoctorDeleted,
}

/// How an attempt to move a patient ended.
enum Attempt {
    Moved,
    /// The assignment has ended since the row was read.
    NotAssigned,
    LeaseLost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// Another worker has the job.
    Lease,
    /// The items that the move depends on have changed since they were read.
    Care,
}

impl Handovers<'_> {
    /// Moves the patients of all hand-overs that are due, until this moment. Returns the number of patients who moved,
    /// and what failed: one hand-over does not stop the others. Calls: Query; for each hand-over UpdateItem, Query for
    /// every megabyte of the panel, UpdateItem; Query and UpdateItem for every 40 rows of the panel, BatchGetItem and
    /// TransactWriteItems for each row; at the end of the panel two times Query, the second for every megabyte, and
    /// TransactWriteItems, or UpdateItem if the panel has other rows than those that stay: then it is read again.
    pub async fn run(&self, system: &System, end: Timestamp) -> (usize, Result<(), StoreError>) {
        let mut moved = 0;
        let outcome = self.run_until(end, system, &mut moved).await;
        (moved, outcome)
    }

    async fn run_until(
        &self,
        end: Timestamp,
        system: &System,
        moved: &mut usize,
    ) -> Result<(), StoreError> {
        let mut due = self.due(system.now()).await?;
        // A large panel takes many runs, and must not keep the others waiting: each job has an equal part of the time
        // that is left. If even that does not suffice, the next run begins with other ones.
        fastrand::shuffle(&mut due);
        let mut outcome = Ok(());
        for (waiting, id) in (1..=due.len()).rev().zip(&due) {
            let now = system.now();
            if now >= end {
                break;
            }
            let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
            let end = now.plus(end.since(now) / waiting);
            outcome = outcome.and(self.work_on(id, end, system, moved).await);
        }
        outcome
    }

    async fn work_on(
        &self,
        id: &HandoverId,
        end: Timestamp,
        system: &System,
        moved: &mut usize,
    ) -> Result<(), StoreError> {
        let Some(mut leased) = Leased::take(self.store, system, id).await? else { return Ok(()) };
        let worked = leased.work(end).await;
        if worked.is_err() {
            // So that the next run goes on at once. If this fails too, the lease ends by itself.
            drop(leased.release().await);
        }
        *moved += leased.moved;
        worked.and(leased.failure.map_or(Ok(()), Err))
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
        let job: Job = dynamo::parse(item)?;
        store.works_for(job.created_by);
        store.note_object(&job.id);
        Ok(Some(Self { store, system, lease, job, moved: 0, failure: None }))
    }

    /// Moves patients until none is left, the time ends, or another worker has the job. At least one row is done, however
    /// short the time is.
    async fn work(&mut self, end: Timestamp) -> Result<(), StoreError> {
        if !self.count().await? {
            return Ok(());
        }
        loop {
            let Job { from_doctor_id: doctor, ref pass, .. } = self.job;
            let rows = self.store.panel_rows(doctor, pass.after.as_deref()).await?;
            if rows.is_empty() {
                if self.store.panel_sum(doctor).await? == pass.kept {
                    return self.finish(pass.refused).await;
                }
                // The row of a patient who was renamed may be before those that are done.
                self.job.pass = Pass::default();
            }
            for row in rows {
                match self.step(row.sk).await? {
                    Step::Done if self.system.now() < end => {}
                    // The next run goes on: when there is time, or when the new doctor's own hand-over is done.
                    Step::Done | Step::NewDoctorLeaves => return self.release().await,
                    Step::LeaseLost => return Ok(()),
                    Step::NewDoctorDeleted => return self.give_up().await,
                }
            }
            if !self.save(self.system.now().plus(LEASE)).await? {
                return Ok(());
            }
        }
    }

    /// Moves the patient of a row, or passes over the row.
    async fn step(&mut self, row: String) -> Result<Step, StoreError> {
        let mut pass = Pass { after: Some(row.clone()), ..self.job.pass.clone() };
        match self.move_patient(&row, &pass).await {
            Ok(Attempt::Moved) => self.moved += 1,
            Ok(Attempt::NotAssigned) => pass.kept.add(&row),
            Ok(Attempt::LeaseLost) => return Ok(Step::LeaseLost),
            Err(StoreError::Care(Conflict::HandingOver)) => return Ok(Step::NewDoctorLeaves),
            Err(StoreError::NotFound(_)) => return Ok(Step::NewDoctorDeleted),
            Err(StoreError::Care(_)) => pass.refuse(&row),
            Err(error) if may_pass(&error) => return Err(error),
            // It would fail again and again: one patient must not keep the others from their new doctor.
            Err(error) => {
                pass.refuse(&row);
                self.failure = Some(error);
            }
        }
        self.job.pass = pass;
        Ok(Step::Done)
    }

    /// Moves the patient of a row, and notes in the same transaction how far the pass is then.
    async fn move_patient(&self, row: &str, pass: &Pass) -> Result<Attempt, StoreError> {
        let patient = id_in_sort_key(row).ok_or_else(|| StoreError::missing("an id"))?;
        let moving = self.move_of(patient);
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            let now = self.system.now();
            let mut items = self.store.main.batch_get(ReadPlan::whole(moving.keys())).await?;
            let Some(change) = moving.change(&mut items, self.job.created_by, now)? else {
                return Ok(Attempt::NotAssigned);
            };
            let count = "SET lease_until = :until, pass = :pass ADD moved :one, #left :less";
            let count = Expression::update(count)
                .text(":until", now.plus(LEASE))
                .value(":pass", pass)?
                .number(":one", 1)
                .number(":less", -1);
            let (job, count) = (Key::job(&self.job.id), self.while_leased(count));
            self.store.note_fields(change.fields());
            let transaction = change.add_to(self.store.main.transaction(), Refusal::Care)?;
            let transaction = transaction.update(job, count, Refusal::Lease);
            match self.store.commit(transaction).await? {
                Outcome::Committed => return Ok(Attempt::Moved),
                Outcome::Refused(refusals) if refusals.contains(&Refusal::Lease) => {
                    return Ok(Attempt::LeaseLost);
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
        let left = self.store.panel_sum(self.job.from_doctor_id).await?.rows;
        self.change(Expression::update("SET #left = :left").number(":left", left)).await
    }

    /// Notes how far this worker is, and how long it has the job. Returns as [`Self::change`].
    async fn save(&self, lease_until: Timestamp) -> Result<bool, StoreError> {
        let change = Expression::update("SET lease_until = :until, pass = :pass")
            .text(":until", lease_until)
            .value(":pass", &self.job.pass)?;
        self.change(change).await
    }

    /// Leaves the rest to the next worker.
    async fn release(&self) -> Result<(), StoreError> {
        self.save(self.system.now()).await.map(drop)
    }

    /// Ends the hand-over, although patients are left.
    async fn give_up(&self) -> Result<(), StoreError> {
        let Job { id, from_doctor_id, .. } = &self.job;
        tracing::warn!(handover = %id, "a hand-over ends, because the new doctor is deleted");
        let left = self.store.panel_sum(*from_doctor_id).await?.rows;
        self.finish(left).await
    }

    /// Ends the hand-over, with so many patients who stay, unless another worker has the job.
    async fn finish(&self, left: u64) -> Result<(), StoreError> {
        let finish = "SET finished_at = :now, #left = :left REMOVE lease, lease_until, pass";
        let finish =
            Expression::update(finish).text(":now", self.system.now()).number(":left", left);
        let (job, finish) = (Key::job(&self.job.id), self.while_leased(finish));
        let transaction = self.store.main.transaction().update(job, finish, ());
        self.store.commit(self.job.close(transaction)).await?;
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

/// Whether the same move may succeed later.
fn may_pass(error: &StoreError) -> bool {
    matches!(error, StoreError::Contended | StoreError::Dynamo(DynamoError::Unavailable(_)))
}
