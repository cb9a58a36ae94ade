//! The item of a doctor or a patient, or the tombstone in its place.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::keys::{in_gsi2, sort_key};
use super::load::Load;
use super::tables::Store;
use crate::access::Allowed;
use crate::dynamo::{self, Expression, Item, Items, Key, ReadPlan};
use crate::model::id::{DoctorId, Id, PatientId};
use crate::model::record::{Details, Record};
use crate::model::timestamp::Timestamp;
use crate::model::version::Version;

/// The attributes of a patient that lists show, and those of a tombstone. `medical_history` is not among them.
#[rustfmt::skip]
pub const LISTED_PATIENT_ATTRIBUTES: &[&str] = &[
    "pk", "sk", "deleted_at", "swept", "id", "version", "created_at", "updated_at",
    "first_name", "last_name", "former_names", "date_of_birth", "date_of_birth_estimated", "deceased_at", "gender",
    "contact_number", "contact_number_display", "address", "emergency_number", "emergency_number_display",
    "identifiers", "restricted",
];

/// Lists show every doctor attribute.
pub const LISTED_DOCTOR_ATTRIBUTES: &[&str] = &[];

/// The attribute that the items and rows of restricted patients have, and no others.
pub const RESTRICTED: &str = "restricted";

/// A condition: the item or row does not belong to a restricted patient.
pub const UNRESTRICTED: &str = "attribute_not_exists(restricted)";

/// The item at a record's key.
#[derive(Debug)]
pub struct Stored<D: Details> {
    pub(super) id: D::Id,
    pub(super) state: State<D>,
}

#[derive(Debug)]
pub enum State<D: Details> {
    Alive(Record<D>),
    /// `swept`: whether all of its assignments have ended.
    Deleted {
        swept: bool,
    },
    Absent,
}

/// The item of a deleted record, so that its id is not used again and assignments are refused.
#[derive(Debug, Serialize, Deserialize)]
struct Tombstone {
    deleted_at: Timestamp,
    /// Whether all of the record's assignments have ended.
    swept: bool,
}

impl<D: Details> Load for Stored<D> {
    type Name = D::Id;
    type Found = ();

    fn keys(id: &D::Id) -> Vec<Key> {
        vec![Key::record::<D>(*id)]
    }

    fn patient(id: &D::Id) -> Option<PatientId> {
        D::patient(*id)
    }

    fn doctor(id: &D::Id) -> Option<DoctorId> {
        doctor_id::<D>(*id)
    }

    fn build(
        id: D::Id,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let state = items.take(&Key::record::<D>(id)).map_or(Ok(State::Absent), state_in)?;
        Ok(Self { id, state })
    }
}

impl<D: Details> Stored<D> {
    pub(super) fn alive(self) -> Result<Record<D>, StoreError> {
        match self.state {
            State::Alive(record) => Ok(record),
            State::Deleted { .. } | State::Absent => Err(not_found::<D>(self.id)),
        }
    }
}

impl Store {
    /// Returns these attributes of the records that exist; all if empty. Calls: BatchGetItem for every 100 ids.
    pub(super) async fn records_with<D: Details>(
        &self,
        ids: &[D::Id],
        attributes: &'static [&'static str],
    ) -> Result<HashMap<D::Id, Record<D>>, StoreError> {
        let keys = ids.iter().map(|id| Key::record::<D>(*id)).collect();
        let mut records = HashMap::with_capacity(ids.len());
        for item in self.main.batch_get(ReadPlan { keys, attributes }).await? {
            if let Some(record) = record_in::<D>(item)? {
                records.insert(record.id, record);
            }
        }
        Ok(records)
    }
}

/// Returns the record in an item; `None` for a tombstone.
pub fn record_in<D: Details>(item: Item) -> Result<Option<Record<D>>, StoreError> {
    match state_in(item)? {
        State::Alive(record) => Ok(Some(record)),
        State::Deleted { .. } | State::Absent => Ok(None),
    }
}

/// A condition: the item exists and is no tombstone.
pub fn alive() -> Expression {
    Expression::only("attribute_exists(pk) AND attribute_not_exists(deleted_at)")
}

/// Whether the record with this id is among the items, and not a tombstone.
pub fn exists<D: Details>(id: D::Id, items: &Items) -> bool {
    items.get(&Key::record::<D>(id)).is_some_and(|item| !item.contains_key("deleted_at"))
}

/// A condition: the item has this version, or does not exist if the version is 0.
pub fn is_version(version: u64) -> Expression {
    match version {
        0 => Expression::absent(),
        version => Expression::only("version = :version").number(":version", version),
    }
}

/// A condition: the item has this `:version` and is no tombstone.
pub const UNCHANGED: &str = "version = :version AND attribute_not_exists(deleted_at)";

/// The condition [`UNCHANGED`].
pub fn unchanged(version: Version) -> Expression {
    Expression::only(UNCHANGED).number(":version", version)
}

pub fn item_of<D: Details>(record: &Record<D>) -> Result<Item, StoreError> {
    let key = Key::record::<D>(record.id);
    let sort_key = sort_key(&record.details.sort_name(), record.id.get());
    let mut item = dynamo::write(record, key.clone())?;
    item.extend(in_gsi2(D::KIND, sort_key, key));
    if !record.details.is_restricted() {
        item.remove(RESTRICTED);
    }
    Ok(item)
}

/// Returns the item in place of a record that is deleted now. Its assignments have not ended yet.
pub fn tombstone<D: Details>(id: D::Id, deleted_at: Timestamp) -> Result<Item, StoreError> {
    Ok(dynamo::write(&Tombstone { deleted_at, swept: false }, Key::record::<D>(id))?)
}

/// Returns the doctor whose record has this id; `None` for a patient.
pub fn doctor_id<D: Details>(id: D::Id) -> Option<DoctorId> {
    // Every record is a doctor's or a patient's.
    if D::patient(id).is_some() { None } else { DoctorId::new(id.get()) }
}

pub fn not_found<D: Details>(id: D::Id) -> StoreError {
    StoreError::not_found(format!("{} {}", D::KIND, id.get()))
}

fn state_in<D: Details>(item: Item) -> Result<State<D>, StoreError> {
    if item.contains_key("deleted_at") {
        let tombstone: Tombstone = dynamo::parse(item)?;
        return Ok(State::Deleted { swept: tombstone.swept });
    }
    Ok(State::Alive(dynamo::parse(item)?))
}
