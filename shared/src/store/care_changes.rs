//! Changes of a patient's care. A request first decides what the care becomes, and then replaces it in one transaction.

use std::collections::BTreeSet;

use serde::Serialize;

use super::care::Care;
use super::error::StoreError;
use super::stored::alive;
use super::tables::Store;
use crate::access::changed_fields;
use crate::dynamo::{Expression, Items, Key, Outcome, ReadPlan, Transaction, backoff};
use crate::model::assignment::{CareRole, Episode, PastEpisode, Voided};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::period::Period;
use crate::model::reason::ReasonCode;
use crate::model::timestamp::Timestamp;

/// How often a change that loses races is tried.
const ATTEMPTS: u32 = 10;

/// A change that the rules permit, and the answer once it is made.
pub(super) struct Decided<T> {
    pub change: Option<CareChange>,
    pub answer: T,
}

/// A change of a patient's care.
pub(super) struct CareChange {
    pub before: Care,
    pub after: Care,
    /// The episodes that end by it.
    pub past: Vec<PastEpisode>,
    /// The doctor who gets the patient, and therefore must exist and not hand over all patients.
    pub new_doctor: Option<DoctorId>,
}

/// The fields of an assignment that can change.
#[derive(Serialize)]
struct Terms<'a> {
    role: CareRole,
    #[serde(flatten)]
    period: Period,
    reason: Option<&'a ReasonCode>,
    end_reason: Option<&'a ReasonCode>,
    voided: Option<&'a Voided>,
}

/// A change of one patient's care that loads what it depends on.
pub(super) trait CareRequest: Sync {
    type Answer: Send;

    /// Returns the keys of the items that the decision depends on.
    fn keys(&self) -> Vec<Key>;

    /// Decides what the care becomes.
    fn decide(
        &self,
        items: &mut Items,
        by: UserId,
        now: Timestamp,
    ) -> Result<Decided<Self::Answer>, StoreError>;
}

impl Store {
    /// Makes a change unless the care, or whether the new doctor may get the patient, has changed since it was read.
    /// Calls: TransactWriteItems; none if nothing changes.
    pub(super) async fn make<T>(&self, decided: Decided<T>) -> Result<T, StoreError> {
        let Decided { change, answer } = decided;
        let Some(change) = change else { return Ok(answer) };
        self.note_fields(change.fields());
        match self.commit(change.add_to(self.main.transaction(), ())?).await? {
            Outcome::Committed => Ok(answer),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }

    /// Makes past ones of the episodes that `end` takes from a patient's care, and again when it loses a race. Returns
    /// whether it took any. Calls: GetItem; TransactWriteItems if it took any.
    pub(super) async fn end_episodes(
        &self,
        patient: PatientId,
        end: impl Fn(&mut Care) -> Vec<PastEpisode>,
    ) -> Result<bool, StoreError> {
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            let Some(item) = self.main.get(Key::care(patient)).await? else { return Ok(false) };
            let before = Care::stored(patient, item)?;
            let mut after = before.clone();
            let past = end(&mut after);
            if past.is_empty() {
                return Ok(false);
            }
            let change = CareChange { before, after, past, new_doctor: None };
            let transaction = change.add_to(self.main.transaction(), ())?;
            // Directly before the commit: changes of other patients may run at the same time.
            self.note_fields(change.fields());
            if self.commit(transaction).await? == Outcome::Committed {
                return Ok(true);
            }
        }
        Err(StoreError::Contended)
    }

    /// Loads, decides and makes a change, and again when it loses a race. Calls: BatchGetItem, TransactWriteItems.
    pub(super) async fn change_care<R: CareRequest>(
        &self,
        request: &R,
        by: UserId,
        now: Timestamp,
    ) -> Result<R::Answer, StoreError> {
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            let mut items = self.main.batch_get(ReadPlan::whole(request.keys())).await?;
            match self.make(request.decide(&mut items, by, now)?).await {
                Err(StoreError::Contended) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended)
    }
}

impl CareChange {
    /// Returns the names of the fields that change of the assignments that exist already.
    pub(super) fn fields(&self) -> BTreeSet<String> {
        let Self { before, after, past, .. } = self;
        let mut fields = BTreeSet::new();
        for episode in before.episodes() {
            let terms = Terms::in_care(episode, before);
            let kept = after.episodes().iter().find(|it| it.id == episode.id);
            let ended = past.iter().find(|it| it.episode.id == episode.id);
            let next = kept.map(|it| Terms::in_care(it, after)).or(ended.map(Terms::of_past));
            fields.extend(next.map(|next| changed_fields(&terms, &next)).unwrap_or_default());
        }
        fields
    }

    /// Adds the change to a transaction, on the condition that what it depends on is unchanged.
    pub(super) fn add_to<'t, R: Copy>(
        &self,
        transaction: Transaction<'t, R>,
        refusal: R,
    ) -> Result<Transaction<'t, R>, StoreError> {
        let Self { before, after, past, new_doctor } = self;
        let mut transaction = transaction;
        if let Some(doctor) = *new_doctor {
            transaction = transaction
                .require(Key::record::<DoctorDetails>(doctor), alive(), refusal)
                .require(Key::handing_over(doctor), Expression::absent(), refusal);
        }
        before.replace(after, past, transaction, refusal)
    }
}

impl<'a> Terms<'a> {
    /// Returns the terms of an episode that has not ended.
    fn in_care(episode: &'a Episode, care: &'a Care) -> Self {
        let planned = care.planned_end(&episode.id);
        Self {
            role: episode.role,
            period: episode.period,
            reason: episode.reason.as_ref(),
            end_reason: planned.and_then(|planned| planned.reason.as_ref()),
            voided: None,
        }
    }

    fn of_past(past: &'a PastEpisode) -> Self {
        let PastEpisode { episode, end_reason, voided, .. } = past;
        Self {
            role: episode.role,
            period: episode.period,
            reason: episode.reason.as_ref(),
            end_reason: end_reason.as_ref(),
            voided: voided.as_ref(),
        }
    }
}
