//! Doctors and patients: created, read, listed, updated and deleted in the same way.

use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use aws_sdk_dynamodb::types::AttributeValue;

use super::backoff::backoff;
use super::batch::Items;
use super::idempotency::Creation;
use super::key::{self, Item, Key, sort_key};
use super::lookup::Lookup;
use super::transaction::Outcome;
use super::{Table, TableError};
use crate::model::field::FieldErrors;
use crate::model::id::Id;
use crate::model::idempotency::IdempotencyKey;
use crate::model::page::{Page, Paging};
use crate::model::record::{Details, Edit, Record};
use crate::model::timestamp::Timestamp;
use crate::model::version::IfMatch;

/// How often an update that found another one in its way reads and tries again.
const UPDATE_ATTEMPTS: u32 = 10;

#[derive(Debug)]
pub enum Created<D: Details> {
    Done(Record<D>),
    /// Another record has these values.
    Taken(FieldErrors),
    /// The idempotency key stands for another request.
    KeyReused,
}

#[derive(Debug)]
pub enum Updated<D: Details> {
    Done(Record<D>),
    Taken(FieldErrors),
    Invalid(FieldErrors),
    NotFound,
    /// `If-Match` names another version.
    VersionMismatch,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Deleted {
    Done,
    NotFound,
    VersionMismatch,
    /// So many mappings hung on it that time ran out. It is gone for every reader; the same request
    /// again takes the rest of them away.
    Unfinished,
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

impl Table {
    /// Creates a record, or finds that the request with this idempotency key did. Calls: counter, W; Get
    /// if the key was used.
    pub async fn create<D: Details>(
        &self,
        details: D,
        idempotency_key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Created<D>, TableError> {
        let id: D::Id = self.next_id(D::KIND).await?;
        let record = Record { id, details, version: 1, created_at: now, updated_at: now };
        let mut transaction = self.transaction().put_new(item_of(&record)?, Refusal::Record);
        if let Some(key) = idempotency_key {
            let (item, is_free) = Creation::new(&record.details, id.get(), now)?.item(key)?;
            transaction = transaction.put_if(item, is_free, Refusal::KeyUsed);
        }
        for (field, value) in record.details.unique() {
            let claim = claim::<D>(field, &value, id);
            transaction = transaction.put_new(claim, Refusal::Taken(field));
        }
        match transaction.commit().await? {
            Outcome::Committed => Ok(Created::Done(record)),
            // Before anything else: values that are taken may be this very request's.
            Outcome::Refused(refusals) if refusals.contains(&Refusal::KeyUsed) => {
                self.created_before(record.details, idempotency_key).await
            }
            Outcome::Refused(refusals) => match taken(&refusals) {
                Some(errors) => Ok(Created::Taken(errors)),
                None => {
                    Err(TableError::Unexpected(format!("{} {} exists already", D::KIND, id.get())))
                }
            },
        }
    }

    async fn created_before<D: Details>(
        &self,
        details: D,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<D>, TableError> {
        let creation = match key {
            Some(key) => self.creation(key).await?,
            None => None,
        };
        let creation = creation.ok_or_else(|| TableError::missing("the creation"))?;
        if !creation.is_of(&details)? {
            return Ok(Created::KeyReused);
        }
        let id = D::Id::new(creation.id).ok_or_else(|| TableError::missing("an id"))?;
        let at = creation.created_at;
        Ok(Created::Done(Record { id, details, version: 1, created_at: at, updated_at: at }))
    }

    /// A page of records by name, of those alone whose last name starts with the folded `prefix`.
    /// The position is a sort key of gsi2. Calls: Query.
    pub async fn list<D: Details>(
        &self,
        prefix: &str,
        paging: Paging<String>,
    ) -> Result<Page<Record<D>, String>, TableError> {
        let key_of =
            |sort_key: &str| Some(Key::record::<D>(key::id_in_sort_key::<D::Id>(sort_key)?));
        self.list_by_name(D::KIND, prefix, paging, key_of).await
    }

    /// Edits what stands there, and writes it; when somebody else wrote since it was read, reads and edits again,
    /// unless `if_match` forbids. Calls: W.
    pub async fn update<D: Details>(
        &self,
        id: D::Id,
        mut standing: Stored<D>,
        edit: &Edit<D>,
        if_match: &IfMatch,
        now: Timestamp,
    ) -> Result<Updated<D>, TableError> {
        for attempt in 1..=UPDATE_ATTEMPTS {
            let Stored::Alive(current) = standing else {
                return Ok(Updated::NotFound);
            };
            if !if_match.allows(current.version) {
                return Ok(Updated::VersionMismatch);
            }
            let details = match edit.apply(&current.details, now.latest_date()) {
                Ok(details) => details,
                Err(errors) => return Ok(Updated::Invalid(errors)),
            };
            let next = Record {
                id,
                details,
                version: current.version + 1,
                created_at: current.created_at,
                updated_at: now,
            };
            match self.replace(&current, &next).await? {
                Outcome::Committed => return Ok(Updated::Done(next)),
                // When the record changed, its unique values may have, too: read again first.
                Outcome::Refused(refusals) if !refusals.contains(&Refusal::Record) => {
                    if let Some(errors) = taken(&refusals) {
                        return Ok(Updated::Taken(errors));
                    }
                }
                Outcome::Refused(_) => {}
            }
            backoff(attempt).await;
            standing = self.look_up(&id).await?;
        }
        Err(TableError::Unavailable(format!("too many updates of one {} at once", D::KIND)))
    }

    async fn replace<D: Details>(
        &self,
        current: &Record<D>,
        next: &Record<D>,
    ) -> Result<Outcome<Refusal>, TableError> {
        let mut transaction =
            self.transaction().replace(item_of(next)?, current.version, Refusal::Record);
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
        transaction.commit().await
    }

    /// Leaves a tombstone, so that nothing can be assigned to the record any more, then takes its
    /// mappings away until it `is_late`. Calls: W, then those of the sweep.
    pub async fn delete<D: Details>(
        &self,
        id: D::Id,
        mut standing: Stored<D>,
        if_match: &IfMatch,
        now: Timestamp,
        is_late: impl Fn() -> bool,
    ) -> Result<Deleted, TableError> {
        for attempt in 1..=UPDATE_ATTEMPTS {
            match standing {
                Stored::Absent | Stored::Deleted { swept: true } => return Ok(Deleted::NotFound),
                Stored::Deleted { swept: false } => return self.sweep::<D>(id, is_late).await,
                Stored::Alive(record) if !if_match.allows(record.version) => {
                    return Ok(Deleted::VersionMismatch);
                }
                Stored::Alive(record) => {
                    if self.bury(&record, now).await? == Outcome::Committed {
                        return self.sweep::<D>(id, is_late).await;
                    }
                }
            }
            backoff(attempt).await;
            standing = self.look_up(&id).await?;
        }
        Err(TableError::Unavailable(format!("too many updates of one {} at once", D::KIND)))
    }

    async fn bury<D: Details>(
        &self,
        record: &Record<D>,
        now: Timestamp,
    ) -> Result<Outcome<Refusal>, TableError> {
        let tombstone = Tombstone { deleted_at: now, swept: false };
        let tombstone = key::item(&tombstone, Key::record::<D>(record.id))?;
        let mut transaction =
            self.transaction().replace(tombstone, record.version, Refusal::Record);
        for (field, value) in record.details.unique() {
            transaction = transaction.delete(Key::unique::<D>(field, &value));
        }
        transaction.commit().await
    }
}

/// What stands at a record's key.
#[derive(Debug)]
pub enum Stored<D: Details> {
    Alive(Record<D>),
    /// `swept`: whether its mappings are all gone.
    Deleted {
        swept: bool,
    },
    Absent,
}

impl<D: Details> Lookup for Stored<D> {
    type Name = D::Id;

    fn keys(id: &D::Id) -> Vec<Key> {
        vec![Key::record::<D>(*id)]
    }

    fn take(id: &D::Id, items: &mut Items) -> Result<Self, TableError> {
        items.take(&Key::record::<D>(*id)).map_or(Ok(Self::Absent), Self::read)
    }
}

/// What a deletion leaves, so that the id stays spent and assignments are refused.
#[derive(Debug, Serialize, Deserialize)]
struct Tombstone {
    deleted_at: Timestamp,
    /// Whether the record's mappings are all gone.
    swept: bool,
}

impl<D: Details> Stored<D> {
    /// The record, unless there is none (any more).
    pub fn alive(self) -> Option<Record<D>> {
        match self {
            Self::Alive(record) => Some(record),
            Self::Deleted { .. } | Self::Absent => None,
        }
    }

    pub(super) fn read(item: Item) -> Result<Self, TableError> {
        if item.contains_key("deleted_at") {
            let tombstone: Tombstone = from_item(item).map_err(TableError::unreadable)?;
            return Ok(Self::Deleted { swept: tombstone.swept });
        }
        from_item(item).map(Self::Alive).map_err(TableError::unreadable)
    }
}

fn item_of<D: Details>(record: &Record<D>) -> Result<Item, TableError> {
    let key = Key::record::<D>(record.id);
    let sort_key = sort_key(&record.details.sort_name(), record.id.get());
    let mut item = key::item(record, key.clone())?;
    item.extend(key::in_gsi2(D::KIND, sort_key, key));
    Ok(item)
}

/// The item that keeps a unique value for one record.
fn claim<D: Details>(field: &str, folded: &str, id: D::Id) -> Item {
    let mut item = Item::from(Key::unique::<D>(field, folded));
    item.insert("id".to_owned(), AttributeValue::N(id.get().to_string()));
    item
}

fn taken(refusals: &[Refusal]) -> Option<FieldErrors> {
    let mut errors = None;
    for refusal in refusals {
        if let Refusal::Taken(field) = refusal {
            errors.get_or_insert_with(FieldErrors::default).add(field, "is already taken");
        }
    }
    errors
}
