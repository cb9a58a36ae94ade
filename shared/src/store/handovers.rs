//! Hand-overs: how one begins, and how far it is. `handover_worker` moves the patients.
//!
//! A hand-over is three items: the job; its row in the list of open jobs, by which the worker finds it; and a mark at
//! the doctor. While the mark exists, nobody assigns a patient to the doctor, so that the patients only get fewer.

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::load::Load;
use super::moves::{check_new_doctor, new_doctor_keys};
use super::panel::PanelSum;
use super::stored::{alive, exists, not_found};
use super::tables::Store;
use crate::access::{Allowed, Granted, action};
use crate::dynamo::{self, Expression, Items, Key, Outcome, Transaction};
use crate::model::conflict::Conflict;
use crate::model::doctor::DoctorDetails;
use crate::model::handover::{Handover, HandoverId, HandoverState, NewHandover};
use crate::model::id::{DoctorId, UserId};
use crate::model::reason::ReasonCode;
use crate::model::timestamp::Timestamp;

action! {
    /// Begins the hand-over of a doctor's patients.
    HandOver: HandoverToStart
}

action! {
    /// Reads how far a hand-over is.
    ReadHandover: StoredHandover
}

action! {
    /// Cancels a hand-over that has not begun.
    CancelHandover: StoredHandover
}

/// All hand-overs.
#[derive(Debug)]
pub struct Handovers<'a> {
    pub(super) store: &'a Store,
}

/// The item of a hand-over. It is never deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub id: HandoverId,
    pub from_doctor_id: DoctorId,
    pub to_doctor_id: DoctorId,
    pub effective_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    pub created_at: Timestamp,
    pub created_by: UserId,
    pub moved: u64,
    /// The number of patients who have not moved; absent until a worker has counted them. It may be below zero: a patient
    /// who is renamed while they are counted may be missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<i64>,
    #[serde(default)]
    pub pass: Pass,
    /// Until when a worker has the job; absent before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// When it was done or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

/// How far a pass through the doctor's panel is. The hand-over is done when a pass has looked at each row that the panel
/// has at the end of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pass {
    /// The sort key of the last row that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The rows that stay in the panel.
    pub kept: PanelSum,
    /// The number of patients who cannot move.
    pub refused: u64,
}

/// The content of the mark at the doctor, and of the row in the list of open jobs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobRef {
    pub job_id: HandoverId,
}

/// A hand-over to begin, as the request names it.
#[derive(Debug, Clone)]
pub struct HandoverRequest {
    /// The doctor whose patients move.
    pub doctor_id: DoctorId,
    pub handover: NewHandover,
}

/// A request to begin a hand-over, and the items that it depends on, as one consistent read found them.
#[derive(Debug)]
pub struct HandoverToStart {
    request: HandoverRequest,
    doctor_exists: bool,
    /// The mark of a hand-over of the doctor that is not done.
    current: Option<JobRef>,
    /// Whether the other doctor may get patients.
    new_doctor: Result<(), StoreError>,
}

/// A hand-over; `None` if there is none with this id.
#[derive(Debug)]
pub struct StoredHandover(Option<Job>);

impl Store {
    pub fn handovers(&self) -> Handovers<'_> {
        Handovers { store: self }
    }
}

impl Handovers<'_> {
    /// Begins a hand-over with this id, or returns the one that an equal request began and that is not done. Calls:
    /// TransactWriteItems; GetItem in its place if the doctor hands over already.
    pub async fn start(
        &self,
        by: Granted<HandOver>,
        id: HandoverId,
    ) -> Result<Handover, StoreError> {
        let (now, created_by) = (by.at(), by.caller().id());
        let HandoverToStart { request, doctor_exists, current, new_doctor } = by.into_target();
        let HandoverRequest { doctor_id, handover } = request;
        if !doctor_exists {
            return Err(not_found::<DoctorDetails>(doctor_id));
        }
        if let Some(JobRef { job_id }) = current {
            // Before the time is checked: it may have passed since the first request.
            let current = self.unfinished(&job_id).await?;
            self.store.note_object(&job_id);
            let is_repeated = handover.is_met_by(&current);
            return if is_repeated { Ok(current) } else { Err(Conflict::HandingOver.into()) };
        }
        let effective_at = handover.takes_effect(doctor_id, now).map_err(StoreError::Invalid)?;
        new_doctor?;
        let job = Job {
            id,
            from_doctor_id: doctor_id,
            to_doctor_id: handover.to_doctor_id,
            effective_at,
            reason: handover.reason,
            created_at: now,
            created_by,
            moved: 0,
            left: None,
            pass: Pass::default(),
            lease_until: None,
            finished_at: None,
            cancelled: false,
        };
        self.create(&job).await?;
        Ok(job.into())
    }

    async fn create(&self, job: &Job) -> Result<(), StoreError> {
        let Job { id, from_doctor_id, to_doctor_id, .. } = job;
        let named = JobRef { job_id: id.clone() };
        let mark = dynamo::write(&named, Key::handing_over(*from_doctor_id))?;
        let row = dynamo::write(&named, Key::open_job(job.effective_at, id))?;
        let transaction = self
            .store
            .main
            .transaction()
            .require(Key::record::<DoctorDetails>(*from_doctor_id), alive(), ())
            .require(Key::record::<DoctorDetails>(*to_doctor_id), alive(), ())
            .require(Key::handing_over(*to_doctor_id), Expression::absent(), ())
            .put_new(mark, ())
            .put_new(dynamo::write(job, Key::job(id))?, ())
            .put_new(row, ());
        match self.store.commit_of(id, transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }

    /// Returns a hand-over that was not done a moment ago.
    async fn unfinished(&self, id: &HandoverId) -> Result<Handover, StoreError> {
        let job = self.store.main.get(Key::job(id)).await?;
        let job: Job = dynamo::parse(job.ok_or_else(|| StoreError::missing("the hand-over"))?)?;
        if job.finished_at.is_some() {
            return Err(StoreError::Contended);
        }
        Ok(job.into())
    }

    /// Returns the hand-over that was read with the caller. Calls: none.
    pub fn read(&self, by: Granted<ReadHandover>) -> Result<Handover, StoreError> {
        Ok(by.into_target().job()?.into())
    }

    /// Cancels the hand-over, unless a worker has begun it. Calls: TransactWriteItems; none if it is cancelled already.
    pub async fn cancel(&self, by: Granted<CancelHandover>) -> Result<(), StoreError> {
        const HAS_NOT_BEGUN: &str =
            "attribute_not_exists(lease_until) AND attribute_not_exists(finished_at)";
        let now = by.at();
        let job = by.into_target().job()?;
        self.store.note_object(&job.id);
        if job.cancelled {
            return Ok(());
        }
        if job.lease_until.is_some() || job.finished_at.is_some() {
            return Err(Conflict::AlreadyBegun.into());
        }
        let cancel = Expression::update("SET finished_at = :now, cancelled = :true")
            .only_if(HAS_NOT_BEGUN)
            .text(":now", now)
            .boolean(":true", true);
        let transaction = self.store.main.transaction().update(Key::job(&job.id), cancel, ());
        match self.store.commit(job.close(transaction)).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }
}

impl Pass {
    /// Notes that the patient of this row cannot move.
    pub(super) fn refuse(&mut self, row: &str) {
        self.kept.add(row);
        self.refused += 1;
    }
}

impl Job {
    /// Adds to a transaction that the doctor is not marked any more, and that no worker finds the job.
    pub(super) fn close<'t, R: Copy>(&self, transaction: Transaction<'t, R>) -> Transaction<'t, R> {
        transaction
            .delete(Key::handing_over(self.from_doctor_id))
            .delete(Key::open_job(self.effective_at, &self.id))
    }
}

impl StoredHandover {
    fn job(self) -> Result<Job, StoreError> {
        let Self(job) = self;
        job.ok_or_else(|| StoreError::not_found("hand-over with this id"))
    }
}

impl From<Job> for Handover {
    fn from(job: Job) -> Self {
        let state = match (job.lease_until, job.finished_at) {
            (_, Some(_)) if job.cancelled => HandoverState::Cancelled,
            (_, Some(_)) => HandoverState::Done,
            (Some(_), None) => HandoverState::Running,
            (None, None) => HandoverState::Scheduled,
        };
        Self {
            id: job.id,
            from_doctor_id: job.from_doctor_id,
            to_doctor_id: job.to_doctor_id,
            effective_at: job.effective_at,
            reason: job.reason,
            state,
            moved: job.moved,
            left: job.left.map(|left| u64::try_from(left).unwrap_or(0)),
            created_at: job.created_at,
            created_by: job.created_by,
            finished_at: job.finished_at,
        }
    }
}

impl Load for HandoverToStart {
    type Name = HandoverRequest;
    type Found = ();

    fn keys(HandoverRequest { doctor_id, handover }: &HandoverRequest) -> Vec<Key> {
        [*doctor_id, handover.to_doctor_id].into_iter().flat_map(new_doctor_keys).collect()
    }

    fn doctor(request: &HandoverRequest) -> Option<DoctorId> {
        Some(request.doctor_id)
    }

    fn build(
        request: HandoverRequest,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let HandoverRequest { doctor_id, ref handover } = request;
        let doctor_exists = exists::<DoctorDetails>(doctor_id, items);
        let new_doctor = check_new_doctor(handover.to_doctor_id, items);
        let current = items.take(&Key::handing_over(doctor_id)).map(dynamo::parse).transpose()?;
        Ok(Self { request, doctor_exists, current, new_doctor })
    }
}

impl Load for StoredHandover {
    type Name = HandoverId;
    type Found = ();

    fn keys(id: &HandoverId) -> Vec<Key> {
        vec![Key::job(id)]
    }

    fn build(
        id: HandoverId,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        Ok(Self(items.take(&Key::job(&id)).map(dynamo::parse).transpose()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;

    fn job() -> Job {
        let moment = Timestamp::from_millisecond(0);
        Job {
            id: "k3vXh0mAqJ1c5rB2nT9yLw".parse().unwrap(),
            from_doctor_id: DoctorId::new(1).unwrap(),
            to_doctor_id: DoctorId::new(2).unwrap(),
            effective_at: moment,
            reason: None,
            created_at: moment,
            created_by: UserId::new(3).unwrap(),
            moved: 0,
            left: None,
            pass: Pass::default(),
            lease_until: None,
            finished_at: None,
            cancelled: false,
        }
    }

    #[test]
    fn state_says_what_a_worker_has_done() {
        let moment = Some(Timestamp::from_millisecond(1));
        let state = |job: Job| Handover::from(job).state;
        assert_eq!(state(job()), HandoverState::Scheduled);
        assert_eq!(state(Job { lease_until: moment, ..job() }), HandoverState::Running);
        assert_eq!(state(Job { finished_at: moment, ..job() }), HandoverState::Done);
        let cancelled = Job { finished_at: moment, cancelled: true, ..job() };
        assert_eq!(state(cancelled), HandoverState::Cancelled);
    }

    #[test]
    fn nobody_sees_a_number_below_zero() {
        let left = |left| Handover::from(Job { left, ..job() }).left;
        assert_eq!([None, Some(-1), Some(7)].map(left), [None, Some(0), Some(7)]);
    }

    #[test]
    fn stored_job_is_read_back() {
        let mut kept = PanelSum::default();
        kept.add("NAME#1#doe");
        let pass = Pass { after: Some("NAME#1#roe".to_owned()), kept, refused: 1 };
        let job = Job { left: Some(-1), pass: pass.clone(), ..job() };
        let read: Job = dynamo::parse(dynamo::write(&job, Key::job(&job.id)).unwrap()).unwrap();
        assert_eq!((read.id, read.left, read.pass), (job.id, Some(-1), pass));
    }
}
