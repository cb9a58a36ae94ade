//! Deletes doctors and patients: a tombstone takes the place of the record, and then its assignments end, in bounded
//! steps that can be resumed.

use futures_util::future::join_all;

use super::care::Care;
use super::error::StoreError;
use super::keys::{PANEL_PREFIX, PROXY_PREFIX, id_in, id_in_sort_key};
use super::panel::ROWS;
use super::records::{Delete, RecordActs, Records};
use super::search_index;
use super::stored::{State, Stored, doctor_id, not_found, tombstone, unchanged};
use super::tables::Store;
use crate::access::Granted;
use crate::dynamo::{self, Expression, Item, Key, Outcome, Query, ReadPlan, Transaction};
use crate::model::assignment::PastEpisode;
use crate::model::conflict::Conflict;
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::patient::PatientDetails;
use crate::model::period::Period;
use crate::model::precondition::Preconditions;
use crate::model::record::{Details, Record};
use crate::model::timestamp::Timestamp;

/// The number of patients whose assignments end at the same time.
const AT_ONCE: usize = 8;

/// The most episodes that end in one transaction. Each takes four of its 100 actions; the care takes one, and its
/// first end two.
const EPISODES: usize = 15;

/// Who ends the assignments, and when.
#[derive(Debug, Clone, Copy)]
struct Ending {
    by: UserId,
    at: Timestamp,
}

impl<D: RecordActs> Records<'_, D> {
    /// Deletes the record as [`Self::delete`] does, except a doctor who has patients. Calls: for a doctor Query, and
    /// another one for every 40 assignments whose period is over; then those of [`Self::delete`].
    pub async fn delete_unassigned(
        &self,
        by: Granted<Delete<D>>,
        preconditions: &Preconditions,
        is_late: impl Fn() -> bool,
    ) -> Result<(), StoreError> {
        if let Stored { id, state: State::Alive(record) } = by.target() {
            preconditions.permit_change(record.version, false)?;
            if let Some(doctor) = doctor_id::<D>(*id)
                && self.store.has_patients(doctor, by.at()).await?
            {
                return Err(Conflict::HasPatients.into());
            }
        }
        self.delete(by, preconditions, is_late).await
    }

    /// Replaces the record by a tombstone, so that nothing can be assigned to it any more, and then ends its assignments
    /// until it `is_late`. The account that is linked to it is linked no more. Calls: BatchGetItem, TransactWriteItems,
    /// then those of the sweep.
    pub async fn delete(
        &self,
        by: Granted<Delete<D>>,
        preconditions: &Preconditions,
        is_late: impl Fn() -> bool,
    ) -> Result<(), StoreError> {
        let ending = Ending { by: by.caller().id(), at: by.at() };
        let Stored { id, state } = by.into_target();
        match state {
            State::Absent | State::Deleted { swept: true } => return Err(not_found::<D>(id)),
            State::Deleted { swept: false } => {}
            State::Alive(record) => {
                preconditions.permit_change(record.version, false)?;
                if self.bury(&record, ending.at).await? != Outcome::Committed {
                    return Err(StoreError::Contended);
                }
            }
        }
        self.store.sweep::<D>(id, ending, is_late).await
    }

    async fn bury(&self, record: &Record<D>, now: Timestamp) -> Result<Outcome<()>, StoreError> {
        let (link, patient) = (Key::link::<D>(record.id), D::as_patient(record));
        let care = patient.map(|patient| Key::care(patient.id));
        let keys = [link.clone()].into_iter().chain(care).collect();
        let mut items = self.store.main.batch_get(ReadPlan::whole(keys)).await?;
        let tombstone = tombstone::<D>(record.id, now)?;
        let transaction = self.store.main.transaction();
        let mut transaction = transaction.put_if(tombstone, unchanged(record.version), ());
        for (field, value) in record.details.unique() {
            transaction = transaction.delete(Key::unique::<D>(field, &value));
        }
        for row in search_index::rows::<D>(record.id, &record.details.search_terms()) {
            transaction = transaction.delete(row);
        }
        transaction = match items.take(&link) {
            Some(item) => unlink::<D>(record.id, &item, now, transaction)?,
            None => transaction.require(link, Expression::absent(), ()),
        };
        if let Some(patient) = patient {
            let before = Care::of(patient, items.take(&Key::care(patient.id)))?;
            let mut after = before.clone();
            after.delete();
            transaction = before.replace(&after, &[], transaction, ())?;
        }
        Ok(self.store.commit(transaction).await?)
    }
}

/// Adds the end of the link between a record and an account, as the link's item names it.
fn unlink<'t, D: RecordActs>(
    id: D::Id,
    item: &Item,
    now: Timestamp,
    transaction: Transaction<'t, ()>,
) -> Result<Transaction<'t, ()>, StoreError> {
    let user = dynamo::number(item, "user_id").and_then(UserId::new);
    let user = user.ok_or_else(|| StoreError::missing("the account"))?;
    let is_unchanged = Expression::only("user_id = :user").number(":user", user);
    let [change, condition] = D::UNLINK;
    let change = Expression::update(change)
        .only_if(condition)
        .number(":id", id.get())
        .number(":one", 1)
        .text(":now", now);
    Ok(transaction.delete_if(Key::link::<D>(id), is_unchanged, ()).update(
        Key::user(Some(user)),
        change,
        (),
    ))
}

impl Store {
    /// Whether a doctor has patients now, or will have some. Calls: Query, and another one for every 40 assignments whose
    /// period is over.
    async fn has_patients(&self, doctor: DoctorId, now: Timestamp) -> Result<bool, StoreError> {
        let Key { pk, .. } = Key::record::<DoctorDetails>(doctor);
        let mut after = None;
        loop {
            let query = Query::partition(&pk).beginning_with(PANEL_PREFIX).limit(ROWS).after(after);
            let rows = self.main.query(query.project("starts_at, ends_at")).await?;
            after = rows.next(|last| Some(last.clone()))?;
            for row in rows.items {
                if !dynamo::parse::<Period>(row)?.has_ended(now) {
                    return Ok(true);
                }
            }
            if after.is_none() {
                return Ok(false);
            }
        }
    }

    /// Ends all of a deleted record's assignments until it `is_late`, and then marks the tombstone as swept. Calls: for a
    /// patient GetItem and TransactWriteItems for every 15 assignments, a last GetItem, Query, TransactWriteItems if
    /// there are proxies, UpdateItem; for a doctor Query for every 40 assignments, GetItem and TransactWriteItems for
    /// each, a last Query, UpdateItem.
    async fn sweep<D: Details>(
        &self,
        id: D::Id,
        ending: Ending,
        is_late: impl Fn() -> bool,
    ) -> Result<(), StoreError> {
        if let Some(patient) = D::patient(id) {
            while self.end_some(patient, None, ending).await? {
                // At least one step is done, so a resumed deletion makes progress.
                if is_late() {
                    return Err(StoreError::DeletionUnfinished);
                }
            }
            self.remove_proxies(patient).await?;
        }
        if let Some(doctor) = doctor_id::<D>(id) {
            loop {
                let rows = self.panel_rows(doctor, None).await?;
                if rows.is_empty() {
                    break;
                }
                for rows in rows.chunks(AT_ONCE) {
                    self.end_in_panel(doctor, rows, ending).await?;
                    if is_late() {
                        return Err(StoreError::DeletionUnfinished);
                    }
                }
            }
        }
        self.mark_swept::<D>(id).await
    }

    /// Ends the episode of a doctor, or, without one, some episodes of a deleted patient. Returns whether there was one.
    async fn end_some(
        &self,
        patient: PatientId,
        doctor: Option<DoctorId>,
        ending: Ending,
    ) -> Result<bool, StoreError> {
        let end = |care: &mut Care| -> Vec<PastEpisode> {
            let doctors: Vec<DoctorId> = match doctor {
                Some(doctor) => vec![doctor],
                None => care.episodes().iter().take(EPISODES).map(|it| it.doctor_id).collect(),
            };
            if doctor.is_none() {
                care.delete();
            }
            doctors.into_iter().filter_map(|doctor| ending.take(care, doctor)).collect()
        };
        self.end_episodes(patient, end).await
    }

    /// Ends the episodes of a deleted doctor in these rows of the panel, at the same time.
    async fn end_in_panel(
        &self,
        doctor: DoctorId,
        rows: &[Key],
        ending: Ending,
    ) -> Result<(), StoreError> {
        let mut endings = Vec::with_capacity(rows.len());
        for row in rows {
            endings.push(self.end_in_row(doctor, row, ending));
        }
        // All are awaited: dropping a call would close its connection.
        join_all(endings).await.into_iter().collect()
    }

    async fn end_in_row(
        &self,
        doctor: DoctorId,
        row: &Key,
        ending: Ending,
    ) -> Result<(), StoreError> {
        let patient = id_in_sort_key(&row.sk).ok_or_else(|| StoreError::missing("an id"))?;
        if !self.end_some(patient, Some(doctor), ending).await? {
            // Another request ended the episode. If a row is left of it, every further step would find the row again.
            self.main.delete(row.clone()).await?;
        }
        Ok(())
    }

    /// Removes all proxies of a deleted patient. Calls: Query; TransactWriteItems if there are any.
    async fn remove_proxies(&self, patient: PatientId) -> Result<(), StoreError> {
        let Key { pk, .. } = Key::record::<PatientDetails>(patient);
        let query = Query::partition(&pk).beginning_with(PROXY_PREFIX).project("sk");
        let mut transaction = self.main.transaction::<()>();
        for row in self.main.query(query).await?.items {
            let user = dynamo::string(&row, "sk").and_then(id_in::<UserId>);
            let user = user.ok_or_else(|| StoreError::missing("an id"))?;
            transaction = transaction
                .delete(Key::proxy_of_patient(patient, user))
                .delete(Key::proxy_of_user(patient, user));
        }
        if transaction.len() > 0 {
            self.commit(transaction).await?;
        }
        Ok(())
    }

    async fn mark_swept<D: Details>(&self, id: D::Id) -> Result<(), StoreError> {
        let mark = Expression::update("SET swept = :true")
            .only_if("attribute_exists(deleted_at)")
            .boolean(":true", true);
        match self.main.change(Key::record::<D>(id), mark).await? {
            dynamo::Changed::Done(_) => Ok(()),
            dynamo::Changed::Refused(_) => Err(StoreError::missing("the tombstone")),
        }
    }
}

impl Ending {
    /// Takes the episode of a doctor, if there is one, and returns it as one that has ended.
    fn take(self, care: &mut Care, doctor: DoctorId) -> Option<PastEpisode> {
        let is_over = care.episode(doctor)?.period.has_ended(self.at);
        let past = care.take_episode(doctor, self.at)?;
        if is_over {
            return Some(past);
        }
        Some(PastEpisode { ended_by: Some(self.by), end_reason: None, ..past })
    }
}
