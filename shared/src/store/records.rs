//! Doctors and patients: created, read, listed, updated and deleted in the same way.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::idempotency::Creation;
use super::keys::{id_in_sort_key, in_gsi2, sort_key};
use super::load::{Load, Nothing};
use super::name_index::{NameQuery, page_by_name};
use super::tables::Store;
use crate::access::{Act, Action, Allowed, Granted, Reach};
use crate::dynamo::{self, AttributeValue, Expression, Item, Items, Key, Outcome, Rows};
use crate::model::doctor::DoctorDetails;
use crate::model::field::FieldErrors;
use crate::model::id::{Id, PatientId};
use crate::model::idempotency::IdempotencyKey;
use crate::model::page::Page;
use crate::model::patient::PatientDetails;
use crate::model::record::{Details, Edit, Intake, Record};
use crate::model::timestamp::Timestamp;
use crate::model::version::{IfMatch, Version};

mod sealed {
    use crate::model::doctor::DoctorDetails;
    use crate::model::patient::PatientDetails;

    /// Doctors and patients only: another type with their keys would read their items by acts of its own.
    pub trait Sealed {}
    impl Sealed for DoctorDetails {}
    impl Sealed for PatientDetails {}
}

/// The acts on one kind of record.
pub trait RecordActs: Details + sealed::Sealed {
    const CREATE: Act;
    const READ: Act;
    const LIST: Act;
    const UPDATE: Act;
    const DELETE: Act;
}

impl RecordActs for DoctorDetails {
    const CREATE: Act = Act::CreateDoctor;
    const READ: Act = Act::ReadDoctor;
    const LIST: Act = Act::ListDoctors;
    const UPDATE: Act = Act::UpdateDoctor;
    const DELETE: Act = Act::DeleteDoctor;
}

impl RecordActs for PatientDetails {
    const CREATE: Act = Act::CreatePatient;
    const READ: Act = Act::ReadPatient;
    const LIST: Act = Act::ListPatients;
    const UPDATE: Act = Act::UpdatePatient;
    const DELETE: Act = Act::DeletePatient;
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
    List: LIST, RecordPage<D>;
    Update: UPDATE, Stored<D>;
    Delete: DELETE, Stored<D>;
}

/// The records of one kind.
#[derive(Debug)]
pub struct Records<'a, D> {
    store: &'a Store,
    kind: PhantomData<fn() -> D>,
}

/// The item at a record's key.
#[derive(Debug)]
pub struct Stored<D: Details> {
    id: D::Id,
    state: State<D>,
}

#[derive(Debug)]
enum State<D: Details> {
    Alive(Record<D>),
    /// `swept`: whether all of its assignments are removed.
    Deleted {
        swept: bool,
    },
    Absent,
}

/// The item of a deleted record, so that its id is not used again and assignments are refused.
#[derive(Debug, Serialize, Deserialize)]
struct Tombstone {
    deleted_at: Timestamp,
    /// Whether all of the record's assignments are removed.
    swept: bool,
}

/// Why a record's transaction was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The record changed since it was read.
    Record,
    /// Another record has this field's value.
    Taken(&'static str),
    /// The idempotency key has been used.
    KeyUsed,
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
    /// Creates a record, or finds the record that a request with the same idempotency key created. Calls: UpdateItem of
    /// the counter, TransactWriteItems; GetItem if the key was used.
    pub async fn create(
        &self,
        by: Granted<Create<D>>,
        details: D,
        idempotency_key: Option<&IdempotencyKey>,
    ) -> Result<Record<D>, StoreError> {
        let now = by.at();
        let id: D::Id = self.store.next_id(D::KIND).await?;
        let record = Record { id, details, version: 1, created_at: now, updated_at: now };
        let transaction = self.store.main.transaction();
        let mut transaction = transaction.put_new(item_of(&record)?, Refusal::Record);
        if let Some(key) = idempotency_key {
            let (item, is_free) = Creation::new(&record.details, id.get(), now)?.item(key)?;
            transaction = transaction.put_if(item, is_free, Refusal::KeyUsed);
        }
        for (field, value) in record.details.unique() {
            let claim = claim::<D>(field, &value, id);
            transaction = transaction.put_new(claim, Refusal::Taken(field));
        }
        match transaction.commit().await? {
            Outcome::Committed => Ok(record),
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

    async fn created_before(
        &self,
        details: D,
        key: Option<&IdempotencyKey>,
    ) -> Result<Record<D>, StoreError> {
        let creation = match key {
            Some(key) => self.store.creation(key).await?,
            None => None,
        };
        let creation = creation.ok_or_else(|| StoreError::missing("the creation"))?;
        if !creation.is_of(&details)? {
            return Err(StoreError::IdempotencyKeyReused);
        }
        let id = D::Id::new(creation.id).ok_or_else(|| StoreError::missing("an id"))?;
        let at = creation.created_at;
        Ok(Record { id, details, version: 1, created_at: at, updated_at: at })
    }

    /// Returns the record that was read with the caller. Calls: none.
    pub fn read(&self, by: Granted<Read<D>>) -> Result<Record<D>, StoreError> {
        by.into_target().alive()
    }

    /// Returns a page of records in the order of names. Calls: none; the Query was the target.
    pub fn list(&self, by: Granted<List<D>>) -> Page<Record<D>, String> {
        by.into_target().0
    }

    /// Edits the record that was read with the caller. Calls: TransactWriteItems.
    pub async fn update(
        &self,
        by: Granted<Update<D>>,
        edit: &Edit<D>,
        intake: &Intake,
        if_match: &IfMatch,
    ) -> Result<Record<D>, StoreError> {
        let (now, fields) = (by.at(), by.fields());
        let current = by.into_target().alive()?;
        if !if_match.allows(current.version) {
            return Err(StoreError::VersionMismatch);
        }
        let details = edit.apply(&current.details, intake).map_err(StoreError::Invalid)?;
        fields.check(&current.details, &details).map_err(StoreError::FieldsDenied)?;
        let next = Record {
            id: current.id,
            details,
            version: current.version + 1,
            created_at: current.created_at,
            updated_at: now,
        };
        match self.replace(&current, &next).await? {
            Outcome::Committed => Ok(next),
            // When the record changed, its unique values may have changed, too.
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
    ) -> Result<Outcome<Refusal>, StoreError> {
        let transaction = self.store.main.transaction();
        let unchanged = unchanged(current.version);
        let mut transaction = transaction.put_if(item_of(next)?, unchanged, Refusal::Record);
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
        Ok(transaction.commit().await?)
    }

    /// Replaces the record by a tombstone, so that nothing can be assigned to it any more, and then removes its
    /// assignments until it `is_late`. Calls: TransactWriteItems, then those of the sweep.
    pub async fn delete(
        &self,
        by: Granted<Delete<D>>,
        if_match: &IfMatch,
        is_late: impl Fn() -> bool,
    ) -> Result<(), StoreError> {
        let now = by.at();
        let Stored { id, state } = by.into_target();
        match state {
            State::Absent | State::Deleted { swept: true } => Err(not_found::<D>(id)),
            State::Deleted { swept: false } => self.store.sweep::<D>(id, is_late).await,
            State::Alive(record) if !if_match.allows(record.version) => {
                Err(StoreError::VersionMismatch)
            }
            State::Alive(record) => match self.bury(&record, now).await? {
                Outcome::Committed => self.store.sweep::<D>(id, is_late).await,
                Outcome::Refused(_) => Err(StoreError::Contended),
            },
        }
    }

    async fn bury(
        &self,
        record: &Record<D>,
        now: Timestamp,
    ) -> Result<Outcome<Refusal>, StoreError> {
        let tombstone = Tombstone { deleted_at: now, swept: false };
        let tombstone = dynamo::write(&tombstone, Key::record::<D>(record.id))?;
        let transaction = self.store.main.transaction();
        let mut transaction =
            transaction.put_if(tombstone, unchanged(record.version), Refusal::Record);
        for (field, value) in record.details.unique() {
            transaction = transaction.delete(Key::unique::<D>(field, &value));
        }
        Ok(transaction.commit().await?)
    }
}

impl<D: Details> Load for Stored<D> {
    type Name = D::Id;

    fn keys(id: &D::Id) -> Vec<Key> {
        vec![Key::record::<D>(*id)]
    }

    fn patient(id: &D::Id) -> Option<PatientId> {
        D::patient(*id)
    }

    fn build(
        id: D::Id,
        _allowed: &Allowed,
        items: &mut Items,
        _rows: Rows,
    ) -> Result<Self, StoreError> {
        let state = items.take(&Key::record::<D>(id)).map_or(Ok(State::Absent), state_in)?;
        Ok(Self { id, state })
    }
}

impl<D: Details> Stored<D> {
    fn alive(self) -> Result<Record<D>, StoreError> {
        match self.state {
            State::Alive(record) => Ok(record),
            State::Deleted { .. } | State::Absent => Err(not_found::<D>(self.id)),
        }
    }
}

/// A page of records in the order of names.
#[derive(Debug)]
pub struct RecordPage<D: Details>(Page<Record<D>, String>);

impl<D: Details> Load for RecordPage<D> {
    type Name = NameQuery;

    async fn find(store: &Store, query: &NameQuery, allowed: &Allowed) -> Result<Rows, StoreError> {
        let Reach::All = allowed.reach();
        let key_of = |sort_key: &str| Some(Key::record::<D>(id_in_sort_key::<D::Id>(sort_key)?));
        store.rows_by_name(D::KIND, query, key_of).await
    }

    fn build(
        _query: NameQuery,
        _allowed: &Allowed,
        _items: &mut Items,
        rows: Rows,
    ) -> Result<Self, StoreError> {
        page_by_name(rows).map(Self)
    }
}

/// Returns the record in an item; `None` for a tombstone.
pub(super) fn record_in<D: Details>(item: Item) -> Result<Option<Record<D>>, StoreError> {
    match state_in(item)? {
        State::Alive(record) => Ok(Some(record)),
        State::Deleted { .. } | State::Absent => Ok(None),
    }
}

/// A condition: the item exists and is no tombstone.
pub(super) fn alive() -> Expression {
    Expression::only("attribute_exists(pk) AND attribute_not_exists(deleted_at)")
}

fn state_in<D: Details>(item: Item) -> Result<State<D>, StoreError> {
    if item.contains_key("deleted_at") {
        let tombstone: Tombstone = dynamo::parse(item)?;
        return Ok(State::Deleted { swept: tombstone.swept });
    }
    Ok(State::Alive(dynamo::parse(item)?))
}

/// A condition: the item has this version and is no tombstone.
fn unchanged(version: Version) -> Expression {
    Expression::only("version = :version AND attribute_not_exists(deleted_at)")
        .number(":version", version)
}

fn item_of<D: Details>(record: &Record<D>) -> Result<Item, StoreError> {
    let key = Key::record::<D>(record.id);
    let sort_key = sort_key(&record.details.sort_name(), record.id.get());
    let mut item = dynamo::write(record, key.clone())?;
    item.extend(in_gsi2(D::KIND, sort_key, key));
    Ok(item)
}

/// Returns the item that keeps a unique value for one record.
fn claim<D: Details>(field: &str, folded: &str, id: D::Id) -> Item {
    let mut item = Item::from(Key::unique::<D>(field, folded));
    item.insert("id".to_owned(), AttributeValue::N(id.get().to_string()));
    item
}

fn not_found<D: Details>(id: D::Id) -> StoreError {
    StoreError::not_found(format!("{} {}", D::KIND, id.get()))
}

/// Returns the conflict of the fields whose values other records have; `None` if there is none.
fn taken(refusals: &[Refusal]) -> Option<StoreError> {
    let mut errors = None;
    for refusal in refusals {
        if let Refusal::Taken(field) = refusal {
            errors.get_or_insert_with(FieldErrors::default).add(field, "is already taken");
        }
    }
    errors.map(StoreError::Conflict)
}
