//! Covers: for a time, such as a vacation, a doctor sees the patients of another.
//!
//! A cover is two items: that of the covered doctor says who covers, and that of the covering doctor lists whom they
//! cover. Assignments do not change, and no item has to change when a cover begins or ends: readers compare the time.

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::load::Load;
use super::stored::{alive, exists, is_version};
use super::tables::Store;
use crate::access::{Allowed, Granted, action, changed_fields};
use crate::dynamo::{self, DynamoError, Item, Items, Key, Outcome, Transaction};
use crate::model::conflict::Conflict;
use crate::model::cover::{Cover, Covered, NewCover};
use crate::model::doctor::DoctorDetails;
use crate::model::id::DoctorId;
use crate::model::timestamp::Timestamp;

/// The most doctors whom a doctor can cover, now and later.
const MAX_COVERED: usize = 5;

action! {
    /// Sets the cover of a doctor, in place of an earlier one.
    SetCover: CoverToSet
}

action! {
    /// Ends the cover of a doctor.
    EndCover: CoverOfDoctor
}

/// The covers of all doctors.
#[derive(Debug)]
pub struct Covers<'a> {
    store: &'a Store,
}

/// The item of a covered doctor. It stays when the cover is over, so that a version never returns.
#[derive(Debug, Serialize, Deserialize)]
struct StoredCover {
    version: u64,
    #[serde(flatten)]
    cover: Cover,
}

/// The item of a covering doctor. It stays when it is empty, so that a version never returns.
#[derive(Debug, Default, Serialize, Deserialize)]
struct CoveredDoctors {
    /// 0 if the item does not exist yet.
    version: u64,
    covers: Vec<Covered>,
}

/// The cover that a request sets, as the request names it.
#[derive(Debug, Clone)]
pub struct CoverRequest {
    /// The doctor to be covered.
    pub doctor_id: DoctorId,
    pub cover: NewCover,
}

/// A request to set a cover, and the items that it depends on, as one consistent read found them.
#[derive(Debug)]
pub struct CoverToSet {
    request: CoverRequest,
    doctor_exists: bool,
    covering_doctor_exists: bool,
    current: Option<StoredCover>,
    /// The doctors whom the covering doctor covers.
    covered: CoveredDoctors,
}

/// The cover of a doctor.
#[derive(Debug)]
pub struct CoverOfDoctor {
    doctor_id: DoctorId,
    current: Option<StoredCover>,
}

/// Returns the doctors who are covered now, from the item of the covering doctor.
pub fn covered_in(item: Option<&Item>, now: Timestamp) -> Result<Vec<DoctorId>, DynamoError> {
    let covered = CoveredDoctors::in_item(item.cloned())?.covers.into_iter();
    Ok(covered.filter(|it| it.period.contains(now)).map(|it| it.doctor_id).collect())
}

impl Store {
    pub fn covers(&self) -> Covers<'_> {
        Covers { store: self }
    }
}

impl Covers<'_> {
    /// Sets the cover of a doctor, in place of an earlier one. Calls: TransactWriteItems, and GetItem before it if
    /// another doctor covers the doctor; none if the cover is set already.
    pub async fn set(&self, by: Granted<SetCover>) -> Result<Cover, StoreError> {
        let (now, set_by) = (by.at(), by.caller().id());
        let CoverToSet { request, doctor_exists, covering_doctor_exists, current, covered } =
            by.into_target();
        let CoverRequest { doctor_id, cover } = request;
        let cover = cover.of(doctor_id, set_by, now).map_err(StoreError::Invalid)?;
        let covering_id = cover.covering_doctor_id;
        let missing: Vec<String> =
            [(doctor_exists, doctor_id), (covering_doctor_exists, covering_id)]
                .into_iter()
                .filter(|(exists, _)| !exists)
                .map(|(_, id)| format!("doctor {id}"))
                .collect();
        if !missing.is_empty() {
            return Err(StoreError::not_found(missing.join(" and no ")));
        }
        let version = current.as_ref().map_or(0, |current| current.version);
        let current = current.map(|current| current.cover);
        if let Some(current) = current.as_ref().filter(|current| current.has_same_terms(&cover)) {
            return Ok(current.clone());
        }
        let mut doctors = covered.except(doctor_id, now);
        doctors.push(Covered { doctor_id, period: cover.period });
        if doctors.len() > MAX_COVERED {
            return Err(Conflict::TooManyCovers.into());
        }
        let current = current.filter(|current| !current.period.has_ended(now));
        let changed = current.as_ref().map(|current| changed_terms(current, &cover));
        self.store.note_fields(changed.unwrap_or_default());
        // The list of an earlier covering doctor can keep a cover that is over: nobody looks at it.
        let earlier =
            current.map(|current| current.covering_doctor_id).filter(|id| *id != covering_id);

        let transaction = self
            .store
            .main
            .transaction()
            .require(Key::record::<DoctorDetails>(doctor_id), alive(), ())
            .require(Key::record::<DoctorDetails>(covering_id), alive(), ());
        let transaction = replace_cover(version, &cover, transaction)?;
        let mut transaction = covered.replace(covering_id, doctors, transaction)?;
        if let Some(earlier) = earlier {
            let covered = self.covered_by(earlier).await?;
            let doctors = covered.except(doctor_id, now);
            transaction = covered.replace(earlier, doctors, transaction)?;
        }
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(cover),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }

    /// Ends the cover of a doctor now, or before it begins. Calls: GetItem, TransactWriteItems.
    pub async fn end(&self, by: Granted<EndCover>) -> Result<(), StoreError> {
        let now = by.at();
        let CoverOfDoctor { doctor_id, current } = by.into_target();
        let current = current.filter(|current| !current.cover.period.has_ended(now));
        let Some(StoredCover { version, cover: current }) = current else {
            return Err(StoreError::not_found(format!("cover of doctor {doctor_id}")));
        };
        let mut cover = current.clone();
        cover.period.starts_at = cover.period.starts_at.min(now);
        cover.period.ends_at = Some(now);
        self.store.note_fields(changed_terms(&current, &cover));
        let covering_id = cover.covering_doctor_id;
        let covered = self.covered_by(covering_id).await?;
        let doctors = covered.except(doctor_id, now);
        let transaction = replace_cover(version, &cover, self.store.main.transaction())?;
        let transaction = covered.replace(covering_id, doctors, transaction)?;
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }

    /// Returns the doctors whom a doctor covers. Calls: GetItem.
    async fn covered_by(&self, covering: DoctorId) -> Result<CoveredDoctors, StoreError> {
        Ok(CoveredDoctors::in_item(self.store.main.get(Key::covers(covering)).await?)?)
    }
}

impl CoveredDoctors {
    fn in_item(item: Option<Item>) -> Result<Self, DynamoError> {
        item.map_or_else(|| Ok(Self::default()), dynamo::parse)
    }

    /// Returns the covers that are not over, except that of this doctor.
    fn except(&self, doctor: DoctorId, now: Timestamp) -> Vec<Covered> {
        let covers = self.covers.iter().copied();
        covers.filter(|it| it.doctor_id != doctor && !it.period.has_ended(now)).collect()
    }

    /// Adds to a transaction what replaces the list of a covering doctor if it is unchanged.
    fn replace<'a>(
        &self,
        covering: DoctorId,
        covers: Vec<Covered>,
        transaction: Transaction<'a, ()>,
    ) -> Result<Transaction<'a, ()>, StoreError> {
        let next = Self { version: self.version + 1, covers };
        let item = dynamo::write(&next, Key::covers(covering))?;
        Ok(transaction.put_if(item, is_version(self.version), ()))
    }
}

/// Returns the names of the fields that differ, except when and by whom the covers were set.
fn changed_terms(current: &Cover, next: &Cover) -> Vec<String> {
    let next = Cover { set_at: current.set_at, set_by: current.set_by, ..next.clone() };
    changed_fields(current, &next)
}

/// Adds to a transaction what replaces the cover of a doctor if it still has this version; 0 if there was none.
fn replace_cover<'a>(
    version: u64,
    cover: &Cover,
    transaction: Transaction<'a, ()>,
) -> Result<Transaction<'a, ()>, StoreError> {
    let next = StoredCover { version: version + 1, cover: cover.clone() };
    let item = dynamo::write(&next, Key::cover(cover.doctor_id))?;
    Ok(transaction.put_if(item, is_version(version), ()))
}

impl Load for CoverToSet {
    type Name = CoverRequest;
    type Found = ();

    fn keys(CoverRequest { doctor_id, cover }: &CoverRequest) -> Vec<Key> {
        vec![
            Key::record::<DoctorDetails>(*doctor_id),
            Key::record::<DoctorDetails>(cover.covering_doctor_id),
            Key::cover(*doctor_id),
            Key::covers(cover.covering_doctor_id),
        ]
    }

    fn doctor(request: &CoverRequest) -> Option<DoctorId> {
        Some(request.doctor_id)
    }

    fn build(
        request: CoverRequest,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let CoverRequest { doctor_id, cover: NewCover { covering_doctor_id, .. } } = &request;
        let doctor_exists = exists::<DoctorDetails>(*doctor_id, items);
        let covering_doctor_exists = exists::<DoctorDetails>(*covering_doctor_id, items);
        let current = items.take(&Key::cover(*doctor_id)).map(dynamo::parse).transpose()?;
        let covered = CoveredDoctors::in_item(items.take(&Key::covers(*covering_doctor_id)))?;
        Ok(Self { request, doctor_exists, covering_doctor_exists, current, covered })
    }
}

impl Load for CoverOfDoctor {
    type Name = DoctorId;
    type Found = ();

    fn keys(doctor: &DoctorId) -> Vec<Key> {
        vec![Key::cover(*doctor)]
    }

    fn doctor(doctor: &DoctorId) -> Option<DoctorId> {
        Some(*doctor)
    }

    fn build(
        doctor_id: DoctorId,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let current = items.take(&Key::cover(doctor_id)).map(dynamo::parse).transpose()?;
        Ok(Self { doctor_id, current })
    }
}
