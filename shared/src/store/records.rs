//! Doctors and patients: created, read and updated in the same way. `search` lists them, and `sweep` deletes them.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;

use super::care::Care;
use super::error::StoreError;
use super::idempotency::Creation;
use super::load::Nothing;
use super::registration::TAKEN;
use super::search_index;
use super::stored::{
    LISTED_DOCTOR_ATTRIBUTES, LISTED_PATIENT_ATTRIBUTES, Stored, item_of, unchanged,
};
use super::tables::Store;
use crate::access::{Act, Action, Fields, Granted, Proof, View, changed_fields};
use crate::audit::Subjects;
use crate::dynamo::{AttributeValue, Item, Key, MAX_ACTIONS, Outcome, Transaction};
use crate::model::doctor::DoctorDetails;
use crate::model::duplicate::{Created, PossibleDuplicate};
use crate::model::field::{FieldErrors, JsonObject};
use crate::model::id::Id;
use crate::model::idempotency::IdempotencyKey;
use crate::model::intake::Intake;
use crate::model::patient::{Patient, PatientDetails};
use crate::model::precondition::Preconditions;
use crate::model::record::{Details, Edit, Record};

mod sealed {
    use crate::model::doctor::DoctorDetails;
    use crate::model::patient::PatientDetails;

    /// Doctors and patients only: another type with their keys would read their items by acts of its own.
    pub trait Sealed {}
    impl Sealed for DoctorDetails {}
    impl Sealed for PatientDetails {}
}

/// The acts on one kind of record, and what answers show of it.
pub trait RecordActs: Details + sealed::Sealed {
    /// The attributes that lists show; all if empty.
    const LISTED: &'static [&'static str];
    /// Makes the part of a creation's answer that names another record of possibly the same person; `None` if answers
    /// have no such part.
    const DUPLICATE: Option<fn(Record<Self>) -> PossibleDuplicate>;
    /// The change of the account that is linked to a record which is deleted, and the condition that it still is.
    const UNLINK: [&'static str; 2];
    const CREATE: Act;
    const READ: Act;
    const LIST: Act;
    const UPDATE: Act;
    const DELETE: Act;

    /// Returns the record of a patient; `None` for a doctor's.
    fn as_patient(record: &Record<Self>) -> Option<&Patient>;
}

impl RecordActs for DoctorDetails {
    const LISTED: &'static [&'static str] = LISTED_DOCTOR_ATTRIBUTES;
    const DUPLICATE: Option<fn(Record<Self>) -> PossibleDuplicate> = None;
    const UNLINK: [&'static str; 2] =
        ["SET updated_at = :now REMOVE doctor_id ADD version :one", "doctor_id = :id"];
    const CREATE: Act = Act::CreateDoctor;
    const READ: Act = Act::ReadDoctor;
    const LIST: Act = Act::ListDoctors;
    const UPDATE: Act = Act::UpdateDoctor;
    const DELETE: Act = Act::DeleteDoctor;

    fn as_patient(_record: &Record<Self>) -> Option<&Patient> {
        None
    }
}

impl RecordActs for PatientDetails {
    const LISTED: &'static [&'static str] = LISTED_PATIENT_ATTRIBUTES;
    const DUPLICATE: Option<fn(Record<Self>) -> PossibleDuplicate> = Some(PossibleDuplicate::of);
    const UNLINK: [&'static str; 2] =
        ["SET updated_at = :now REMOVE patient_id ADD version :one", "patient_id = :id"];
    const CREATE: Act = Act::CreatePatient;
    const READ: Act = Act::ReadPatient;
    const LIST: Act = Act::ListPatients;
    const UPDATE: Act = Act::UpdatePatient;
    const DELETE: Act = Act::DeletePatient;

    fn as_patient(record: &Record<Self>) -> Option<&Patient> {
        Some(record)
    }
}

macro_rules! record_actions {
    ($($name:ident: $act:ident, $target:ty;)*) => {
        $(
            /// The action on one kind of record.
            #[derive(Debug)]
            pub struct $name<D>(PhantomData<fn() -> D>);

            impl<D: RecordActs> Action for $name<D> {
                const ID: Act = D::$act;
                type Target = $target;
            }
        )*
    };
}

record_actions! {
    Create: CREATE, Nothing;
    Read: READ, Stored<D>;
    Update: UPDATE, Stored<D>;
    Delete: DELETE, Stored<D>;
}

/// The records of one kind.
#[derive(Debug)]
pub struct Records<'a, D> {
    pub(super) store: &'a Store,
    kind: PhantomData<fn() -> D>,
}

/// Why a record's transaction was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The record, its assignments or the caller's access to it changed since they were read.
    Record,
    /// Another record has this field's value.
    Taken(&'static str),
    /// The idempotency key has been used.
    KeyUsed,
}

/// The fields of a new record that not every account may set.
#[derive(Default, Serialize)]
struct Guarded {
    restricted: bool,
}

impl Store {
    pub fn doctors(&self) -> Records<'_, DoctorDetails> {
        self.records()
    }

    pub fn patients(&self) -> Records<'_, PatientDetails> {
        self.records()
    }

    /// For code that serves doctors and patients alike.
    pub fn records<D: RecordActs>(&self) -> Records<'_, D> {
        Records { store: self, kind: PhantomData }
    }
}

impl<D: RecordActs> Records<'_, D> {
    /// Creates a record, or finds the record that a request with the same idempotency key created. Reports other
    /// records that may be of the same person; two creations at the same time may not see each other. Calls: UpdateItem
    /// of the counter; for a patient beside it a Query for each name, phone and identifier, then BatchGetItem if one was
    /// found; TransactWriteItems. If the key was used, also GetItem, then BatchGetItem if the first answer named duplicates.
    pub async fn create(
        &self,
        by: Granted<Create<D>>,
        details: D,
        idempotency_key: Option<&IdempotencyKey>,
    ) -> Result<Created<D>, StoreError> {
        let now = by.at();
        let guarded = Guarded { restricted: details.is_restricted() };
        let is_permitted = by.fields().check(&Guarded::default(), &guarded);
        is_permitted.map_err(StoreError::FieldsDenied)?;
        let terms = details.search_terms();
        let duplicates = async {
            match D::DUPLICATE {
                Some(_) => self.store.duplicates_of::<D>(&terms).await,
                None => Ok(Vec::new()),
            }
        };
        // Both are awaited: dropping a call would close its connection.
        let (id, duplicates) = tokio::join!(self.store.next_id::<D::Id>(D::KIND), duplicates);
        let (id, duplicates) = (id?, duplicates?);
        let record = Record { id, details, version: 1, created_at: now, updated_at: now };
        let transaction = self.store.main.transaction();
        let mut transaction = transaction.put_new(item_of(&record)?, Refusal::Record);
        if let Some(key) = idempotency_key {
            let creation = Creation::new(&record.details, id.get(), now)?;
            let creation = creation.with_duplicates(duplicates.iter().map(|it| it.id.get()));
            let (item, is_free) = creation.item(key)?;
            transaction = transaction.put_if(item, is_free, Refusal::KeyUsed);
        }
        for (field, value) in record.details.unique() {
            let claim = claim::<D>(field, &value, id);
            transaction = transaction.put_new(claim, Refusal::Taken(field));
        }
        for row in search_index::written_rows(&record) {
            transaction = transaction.put(row.into());
        }
        match self.store.commit(transaction).await? {
            Outcome::Committed => {
                self.show_duplicates(&duplicates).await?;
                Ok(created(record, duplicates))
            }
            // Before anything else: the taken values may be this very request's.
            Outcome::Refused(refusals) if refusals.contains(&Refusal::KeyUsed) => {
                self.created_before(record.details, idempotency_key).await
            }
            Outcome::Refused(refusals) => {
                let exists = format!("{} {} exists already", D::KIND, id.get());
                Err(taken(&refusals).unwrap_or_else(|| StoreError::unexpected(exists)))
            }
        }
    }

    /// Notes in the audit trail that the answer names these records, as one that looks for duplicates does. Calls: PutItem;
    /// none without any.
    async fn show_duplicates(&self, duplicates: &[Record<D>]) -> Result<(), StoreError> {
        let patients = duplicates.iter().filter_map(|it| D::patient(it.id)).collect();
        let subjects = Subjects { patients, ..Subjects::default() };
        if subjects != Subjects::default() {
            self.store.entry.put_beside(Act::FindDuplicates.function(), subjects).await?;
        }
        Ok(())
    }

    async fn created_before(
        &self,
        details: D,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<D>, StoreError> {
        let creation = match key {
            Some(key) => self.store.creation(key).await?,
            None => None,
        };
        let creation = creation.ok_or_else(|| StoreError::missing("the creation"))?;
        if !creation.is_of(&details)? {
            return Err(StoreError::IdempotencyKeyReused);
        }
        let id = D::Id::new(creation.id).ok_or_else(|| StoreError::missing("an id"))?;
        let ids: Vec<D::Id> =
            creation.possible_duplicates.iter().filter_map(|id| D::Id::new(*id)).collect();
        let mut found = self.store.records_with::<D>(&ids, D::LISTED).await?;
        let duplicates = ids.iter().filter_map(|id| found.remove(id));
        let duplicates: Vec<_> = duplicates.filter(|it| !it.details.is_restricted()).collect();
        self.show_duplicates(&duplicates).await?;
        let at = creation.created_at;
        let record = Record { id, details, version: 1, created_at: at, updated_at: at };
        Ok(created(record, duplicates))
    }

    /// Returns the record that was read with the caller. Calls: none.
    pub fn read(&self, by: Granted<Read<D>>) -> Result<Record<D>, StoreError> {
        by.into_target().alive()
    }

    /// Edits the record that was read with the caller. Calls: TransactWriteItems, after a GetItem if the name of a patient
    /// changes, or whether the patient is restricted; none if nothing changes.
    pub async fn update(
        &self,
        by: Granted<Update<D>>,
        edit: &Edit<D>,
        intake: &Intake,
        preconditions: &Preconditions,
    ) -> Result<Record<D>, StoreError> {
        let (now, view, fields) = (by.at(), by.view(), by.fields());
        let proofs = by.proofs().to_vec();
        let current = by.into_target().alive()?;
        check_unseen(view, fields, edit)?;
        let edited = edit.apply(&current.details, intake).map_err(StoreError::Invalid);
        let is_done = edited.as_ref().is_ok_and(|details| *details == current.details);
        preconditions.permit_change(current.version, is_done)?;
        let details = edited?;
        if is_done {
            return Ok(current);
        }
        fields.check(&current.details, &details).map_err(StoreError::FieldsDenied)?;
        let next = Record {
            id: current.id,
            details,
            version: current.version + 1,
            created_at: current.created_at,
            updated_at: now,
        };
        match self.replace(&current, &next, proofs).await? {
            Outcome::Committed => Ok(next),
            // When the record changed, its unique values may have changed, too. The caller may have no access any more.
            Outcome::Refused(refusals) if refusals.contains(&Refusal::Record) => {
                Err(StoreError::Contended)
            }
            Outcome::Refused(refusals) => Err(taken(&refusals).unwrap_or(StoreError::Contended)),
        }
    }

    async fn replace(
        &self,
        current: &Record<D>,
        next: &Record<D>,
        proofs: Vec<Proof>,
    ) -> Result<Outcome<Refusal>, StoreError> {
        let transaction = self.store.main.transaction();
        let is_unchanged = unchanged(current.version);
        let mut transaction = transaction.put_if(item_of(next)?, is_unchanged, Refusal::Record);
        for Proof { key, unchanged, .. } in proofs {
            transaction = transaction.require(key, unchanged, Refusal::Record);
        }
        for ((field, old), (_, new)) in
            current.details.unique().into_iter().zip(next.details.unique())
        {
            // A transaction may not name one item twice: a change of letter case keeps its claim.
            if old != new {
                transaction = transaction
                    .put_new(claim::<D>(field, &new, next.id), Refusal::Taken(field))
                    .delete(Key::unique::<D>(field, &old));
            }
        }
        let [old, new] = [current, next].map(search_index::written_rows);
        for row in new.difference(&old) {
            transaction = transaction.put(row.clone().into());
        }
        let kept: BTreeSet<&Key> = new.iter().map(|row| &row.key).collect();
        for row in old.iter().filter(|row| !kept.contains(&row.key)) {
            transaction = transaction.delete(row.key.clone());
        }
        if let Some((current, next)) = D::as_patient(current).zip(D::as_patient(next)) {
            transaction = self.describe_care(current, next, transaction).await?;
        }
        if transaction.len() > MAX_ACTIONS {
            let message =
                "cannot change together with the name of a patient who has so many doctors";
            return Err(StoreError::Conflict(FieldErrors::one("identifiers", message)));
        }
        self.store.note_fields(changed_fields(&current.details, &next.details));
        Ok(self.store.commit(transaction).await?)
    }

    /// Adds the rows of the patient's assignments, which hold the name and whether the patient is restricted. Calls:
    /// GetItem; none if these do not change.
    async fn describe_care<'t>(
        &self,
        current: &Patient,
        next: &Patient,
        transaction: Transaction<'t, Refusal>,
    ) -> Result<Transaction<'t, Refusal>, StoreError> {
        if Care::of(current, None)? == Care::of(next, None)? {
            return Ok(transaction);
        }
        // Also without assignments, so that one that begins at the same time is made again.
        let before = Care::of(current, self.store.main.get(Key::care(current.id)).await?)?;
        let mut after = before.clone();
        after.describe(next);
        before.replace(&after, &[], transaction, Refusal::Record)
    }
}

fn created<D: RecordActs>(record: Record<D>, duplicates: Vec<Record<D>>) -> Created<D> {
    let possible_duplicates = D::DUPLICATE.map(|shown| duplicates.into_iter().map(shown).collect());
    Created { record, possible_duplicates }
}

/// Refuses an edit of a field that may not change, if the caller does not see everything: the outcome would tell whether
/// a hidden field has this value, or one that does not fit it.
fn check_unseen<D: Details>(view: View, fields: Fields, edit: &Edit<D>) -> Result<(), StoreError> {
    let named = edit.fields().map(|field| (field.to_owned(), Value::Bool(true)));
    let named: JsonObject = named.collect();
    let seen = if view.hides_nothing() { named.clone() } else { JsonObject::new() };
    fields.check(&seen, &named).map_err(StoreError::FieldsDenied)
}

/// Returns the item that keeps a unique value for one record.
pub(super) fn claim<D: Details>(field: &str, form: &str, id: D::Id) -> Item {
    let mut item = Item::from(Key::unique::<D>(field, form));
    item.insert("id".to_owned(), AttributeValue::N(id.get().to_string()));
    item
}

/// Returns the conflict of the fields whose values other records have; `None` if there is none.
fn taken(refusals: &[Refusal]) -> Option<StoreError> {
    let mut errors = None;
    for refusal in refusals {
        if let Refusal::Taken(field) = refusal {
            errors.get_or_insert_with(FieldErrors::default).add(field, TAKEN);
        }
    }
    errors.map(StoreError::Conflict)
}
