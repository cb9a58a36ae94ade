//! The register of disclosures of a patient's data.
//!
//! A disclosure is one row in the patient's partition. It is never changed, and it stays when the patient is deleted: a
//! patient may ask for the disclosures of the last six years at any time.

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::keys::DISCLOSURE_PREFIX;
use super::load::Load;
use super::stored::{alive, exists, not_found};
use super::tables::Store;
use crate::access::{Allowed, Granted, action};
use crate::dynamo::{self, Items, Key, Outcome, Query, Rows};
use crate::model::date::Date;
use crate::model::disclosure_register::{DisclosureId, NewDisclosure, RegisteredDisclosure};
use crate::model::id::PatientId;
use crate::model::page::{Page, Paging};
use crate::model::patient::PatientDetails;

action! {
    /// Lists the disclosures of a patient's data.
    ListDisclosures: DisclosurePage
}

action! {
    /// Adds a disclosure of a patient's data.
    AddDisclosure: DisclosureToAdd
}

/// The disclosures of all patients.
#[derive(Debug)]
pub struct Disclosures<'a> {
    store: &'a Store,
}

/// The page of a patient's disclosures that a request asks for.
#[derive(Debug, Clone)]
pub struct DisclosuresQuery {
    pub patient_id: PatientId,
    pub paging: Paging<DisclosurePosition>,
    /// The label of the list's cursors.
    pub label: String,
}

/// The place of a disclosure in the list of its patient.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DisclosurePosition {
    disclosed_on: Date,
    id: DisclosureId,
}

/// A page of a patient's disclosures, newest first.
#[derive(Debug)]
pub struct DisclosurePage {
    patient_id: PatientId,
    /// Whether the patient exists, or existed.
    patient_is_known: bool,
    page: Page<RegisteredDisclosure, DisclosurePosition>,
    label: String,
}

/// The disclosure that a request adds, as the request names it.
#[derive(Debug, Clone)]
pub struct DisclosureRequest {
    pub patient_id: PatientId,
    pub disclosure: NewDisclosure,
    pub id: DisclosureId,
}

/// A patient, and the disclosure if it is in the register already, as one consistent read found them.
#[derive(Debug)]
pub struct DisclosureToAdd {
    request: DisclosureRequest,
    patient_exists: bool,
    existing: Option<RegisteredDisclosure>,
}

/// The result of [`Disclosures::add`].
#[derive(Debug)]
pub struct AddedDisclosure {
    pub disclosure: RegisteredDisclosure,
    /// Whether it was added now; otherwise it is returned as it was added before.
    pub is_new: bool,
}

impl Store {
    pub fn disclosures(&self) -> Disclosures<'_> {
        Disclosures { store: self }
    }
}

impl Disclosures<'_> {
    /// Returns a page of a patient's disclosures by their days, newest first; also of a patient who was deleted. Calls:
    /// none; the Query was the target.
    pub fn list(
        &self,
        by: Granted<ListDisclosures>,
    ) -> Result<Page<RegisteredDisclosure, DisclosurePosition>, StoreError> {
        let DisclosurePage { patient_id, patient_is_known, page, .. } = by.into_target();
        if patient_is_known { Ok(page) } else { Err(not_found::<PatientDetails>(patient_id)) }
    }

    /// Adds a disclosure, unless it is in the register already. Calls: TransactWriteItems; none if it is.
    pub async fn add(&self, by: Granted<AddDisclosure>) -> Result<AddedDisclosure, StoreError> {
        let (now, added_by) = (by.at(), by.caller().id());
        let DisclosureToAdd { request, patient_exists, existing } = by.into_target();
        let DisclosureRequest { patient_id, disclosure, id } = request;
        if !patient_exists {
            return Err(not_found::<PatientDetails>(patient_id));
        }
        if let Some(disclosure) = existing {
            return Ok(AddedDisclosure { disclosure, is_new: false });
        }
        disclosure.check(now.latest_date()).map_err(StoreError::Invalid)?;
        let disclosure = disclosure.registered(id, patient_id, now, added_by);
        let key = Key::disclosure(patient_id, disclosure.disclosed_on, &disclosure.id);
        let transaction = self
            .store
            .main
            .transaction()
            .require(Key::record::<PatientDetails>(patient_id), alive(), ())
            .put_new(dynamo::write(&disclosure, key)?, ());
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(AddedDisclosure { disclosure, is_new: true }),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }
}

impl DisclosurePosition {
    fn key(&self, patient: PatientId) -> Key {
        Key::disclosure(patient, self.disclosed_on, &self.id)
    }

    /// Returns the position of the row with this sort key.
    fn in_sort_key(key: &str) -> Option<Self> {
        let (date, id) = key.strip_prefix(DISCLOSURE_PREFIX)?.split_once('#')?;
        Some(Self { disclosed_on: date.parse().ok()?, id: id.parse().ok()? })
    }
}

impl DisclosurePage {
    /// The label of the list's cursors.
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl Load for DisclosurePage {
    type Name = DisclosuresQuery;
    type Found = Rows;

    fn keys(query: &DisclosuresQuery) -> Vec<Key> {
        vec![Key::record::<PatientDetails>(query.patient_id)]
    }

    fn patient(query: &DisclosuresQuery) -> Option<PatientId> {
        Some(query.patient_id)
    }

    /// Calls: Query.
    async fn find(
        store: &Store,
        query: &DisclosuresQuery,
        _allowed: &Allowed,
    ) -> Result<Rows, StoreError> {
        let DisclosuresQuery { patient_id, paging, .. } = query;
        let partition = Key::record::<PatientDetails>(*patient_id).pk;
        let after = paging.after.as_ref().map(|position| position.key(*patient_id).into());
        let query = Query::partition(&partition).beginning_with(DISCLOSURE_PREFIX).descending();
        Ok(store.main.query(query.limit(paging.limit).after(after)).await?)
    }

    fn build(
        query: DisclosuresQuery,
        _allowed: &Allowed,
        items: &mut Items,
        found: Rows,
    ) -> Result<Self, StoreError> {
        let DisclosuresQuery { patient_id, label, .. } = query;
        // A deleted patient has a tombstone there.
        let patient_is_known = items.get(&Key::record::<PatientDetails>(patient_id)).is_some();
        let next =
            found.next(|last| DisclosurePosition::in_sort_key(dynamo::string(last, "sk")?))?;
        let results = found.items.into_iter().map(dynamo::parse).collect::<Result<_, _>>()?;
        Ok(Self { patient_id, patient_is_known, page: Page { results, next }, label })
    }
}

impl DisclosureRequest {
    fn key(&self) -> Key {
        Key::disclosure(self.patient_id, self.disclosure.disclosed_on, &self.id)
    }
}

impl Load for DisclosureToAdd {
    type Name = DisclosureRequest;
    type Found = ();

    fn keys(request: &DisclosureRequest) -> Vec<Key> {
        vec![Key::record::<PatientDetails>(request.patient_id), request.key()]
    }

    fn patient(request: &DisclosureRequest) -> Option<PatientId> {
        Some(request.patient_id)
    }

    fn build(
        request: DisclosureRequest,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let patient_exists = exists::<PatientDetails>(request.patient_id, items);
        let existing = items.take(&request.key()).map(dynamo::parse).transpose()?;
        Ok(Self { request, patient_exists, existing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;

    #[test]
    fn position_is_read_from_the_sort_key_that_it_makes() {
        let patient = PatientId::new(7).unwrap();
        let key = Key::disclosure(patient, "2026-01-14".parse().unwrap(), &"a-_b".parse().unwrap());
        assert_eq!(key.pk, "PATIENT#0000000000000007");
        assert_eq!(key.sk, "DISCLOSURE#2026-01-14#a-_b");
        let position = DisclosurePosition::in_sort_key(&key.sk).unwrap();
        assert_eq!(position.key(patient), key);
        for other in ["DOCTOR#0000000000000007", "DISCLOSURE#2026-01-14", "DISCLOSURE#2026#a"] {
            assert!(DisclosurePosition::in_sort_key(other).is_none(), "{other}");
        }
    }
}
