//! Lists of assignments: a patient's doctors, a doctor's patients, and all.
//!
//! Each takes two rounds: a page of ids, beside the read of the caller, and then the records at those ids.

use std::collections::{BTreeSet, HashMap};

use super::assignments::{Assignments, Row, assignment_in, name_in};
use super::error::StoreError;
use super::keys::{self, GSI1, SELF};
use super::load::Load;
use super::stored::{LISTED_DOCTOR_ATTRIBUTES, LISTED_PATIENT_ATTRIBUTES, record_in};
use super::tables::Store;
use crate::access::{Allowed, Granted, Reach, action};
use crate::dynamo::{self, Item, Items, Key, Query, ReadPlan, Rows};
use crate::model::assignment::{Assignment, AssignmentView, WithAssignment};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, Id, PatientId};
use crate::model::page::{Page, Paging};
use crate::model::patient::PatientDetails;
use crate::model::record::{Details, Record};

/// The attributes of a name, and that of a tombstone.
const NAME_ATTRIBUTES: &[&str] = &["pk", "deleted_at", "first_name", "last_name"];

/// The attributes of an assignment in gsi1.
const ASSIGNMENT_ATTRIBUTES: &str = "pk, sk, assigned_at, assigned_by";

/// The most rows of a later page: their records and the owner are read in one call of 100 keys.
const LATER_PAGE: i32 = 99;

action! {
    /// Lists all assignments.
    ListAssignments: AssignmentPage
}

action! {
    /// Lists the doctors of a patient.
    ListDoctorsOfPatient: AssignmentsOf<PatientDetails, DoctorDetails>
}

action! {
    /// Lists the patients of a doctor.
    ListPatientsOfDoctor: AssignmentsOf<DoctorDetails, PatientDetails>
}

/// A page of the assignments of one doctor or patient, as a request names it.
#[derive(Debug, Clone)]
pub struct AssignmentsQuery<Owner: Details, Other: Details> {
    pub owner: Owner::Id,
    /// The position is the id of the other side.
    pub paging: Paging<Other::Id>,
}

/// A page of the assignment rows in an owner's partition.
#[derive(Debug)]
pub struct AssignmentsOf<Owner: Details, Other: Details> {
    owner: Owner::Id,
    /// Whether the owner exists; `None` for a later page, which does not hold the owner.
    owner_exists: Option<bool>,
    rows: Vec<(Other::Id, Row)>,
    next: Option<Other::Id>,
}

/// The records on the other side of one owner's assignments.
pub type RecordsOf<Other> = Page<WithAssignment<Record<Other>>, <Other as Details>::Id>;

/// A page of all assignments.
#[derive(Debug)]
pub struct AssignmentPage(Page<Assignment, (DoctorId, PatientId)>);

impl Assignments<'_> {
    /// Returns the doctors of a patient, by id. Calls: BatchGetItem.
    pub async fn doctors_of(
        &self,
        by: Granted<ListDoctorsOfPatient>,
    ) -> Result<RecordsOf<DoctorDetails>, StoreError> {
        self.records_of(by.into_target(), LISTED_DOCTOR_ATTRIBUTES).await
    }

    /// Returns the patients of a doctor, by id, without their histories. Calls: BatchGetItem.
    pub async fn patients_of(
        &self,
        by: Granted<ListPatientsOfDoctor>,
    ) -> Result<RecordsOf<PatientDetails>, StoreError> {
        self.records_of(by.into_target(), LISTED_PATIENT_ATTRIBUTES).await
    }

    /// A first page holds the owner itself (`#` sorts first); for a later page the owner is read with the records.
    async fn records_of<Owner: Details, Other: Details>(
        &self,
        page: AssignmentsOf<Owner, Other>,
        attributes: &'static [&'static str],
    ) -> Result<RecordsOf<Other>, StoreError> {
        let owner = Key::record::<Owner>(page.owner);
        let missing = || StoreError::not_found(format!("{} {}", Owner::KIND, page.owner.get()));
        if page.owner_exists == Some(false) {
            return Err(missing());
        }
        let mut keys: Vec<Key> =
            page.rows.iter().map(|(id, _)| Key::record::<Other>(*id)).collect();
        if page.owner_exists.is_none() {
            keys.push(owner.clone());
        }
        let mut owner_exists = page.owner_exists.is_some();
        let items = self.store.main.batch_get(ReadPlan { keys, attributes }).await?;
        let mut others: HashMap<Other::Id, Record<Other>> = HashMap::new();
        for item in items {
            if dynamo::string(&item, "pk") == Some(&owner.pk) {
                owner_exists = name_in(&item).is_some();
            } else if let Some(record) = record_in::<Other>(item)? {
                others.insert(record.id, record);
            }
        }
        if !owner_exists {
            return Err(missing());
        }
        let with_record = |(id, row): (Other::Id, Row)| {
            Some(WithAssignment { record: others.remove(&id)?, assigned_at: row.assigned_at })
        };
        let results = page.rows.into_iter().filter_map(with_record).collect();
        Ok(Page { results, next: page.next })
    }

    /// Returns all assignments, in no particular order, with the current names of both sides. Rows whose doctor or
    /// patient is deleted are left out. Calls: BatchGetItem for every 100 keys.
    pub async fn list(
        &self,
        by: Granted<ListAssignments>,
    ) -> Result<Page<AssignmentView, (DoctorId, PatientId)>, StoreError> {
        let AssignmentPage(Page { results: assignments, next }) = by.into_target();
        let doctors: BTreeSet<_> = assignments.iter().map(|it| it.doctor_id).collect();
        let patients: BTreeSet<_> = assignments.iter().map(|it| it.patient_id).collect();
        let doctors = doctors.into_iter().map(Key::record::<DoctorDetails>);
        let patients = patients.into_iter().map(Key::record::<PatientDetails>);
        let keys = doctors.chain(patients).collect();
        let plan = ReadPlan { keys, attributes: NAME_ATTRIBUTES };
        let results = with_names(assignments, self.store.main.batch_get(plan).await?);
        Ok(Page { results, next })
    }
}

impl<Owner: Details, Other: Details> AssignmentsOf<Owner, Other> {
    /// The doctor or patient whose assignments they are.
    pub fn owner(&self) -> Owner::Id {
        self.owner
    }
}

impl<Owner: Details, Other: Details> Load for AssignmentsOf<Owner, Other> {
    type Name = AssignmentsQuery<Owner, Other>;
    type Found = Rows;

    fn patient(query: &Self::Name) -> Option<PatientId> {
        Owner::patient(query.owner)
    }

    /// Calls: Query.
    async fn find(
        store: &Store,
        AssignmentsQuery { owner, paging }: &Self::Name,
        allowed: &Allowed,
    ) -> Result<Rows, StoreError> {
        let Reach::All = allowed.reach();
        let limit = match paging.after {
            None => paging.limit + 1,
            Some(_) => paging.limit.min(LATER_PAGE),
        };
        let partition = Key::record::<Owner>(*owner).pk;
        let after = paging.after.map(|other| {
            let sk = keys::record(Other::KIND, other.get());
            Item::from(Key { pk: partition.clone(), sk })
        });
        Ok(store.main.query(Query::partition(&partition).limit(limit).after(after)).await?)
    }

    fn build(
        AssignmentsQuery { owner, paging }: Self::Name,
        _allowed: &Allowed,
        _items: &mut Items,
        found: Rows,
    ) -> Result<Self, StoreError> {
        let next = found.next(|last| keys::id_in(dynamo::string(last, "sk")?))?;
        let owner_exists = paging.after.is_none().then_some(false);
        let mut page = Self { owner, owner_exists, rows: Vec::new(), next };
        for item in found.items {
            let sk = dynamo::string(&item, "sk").ok_or_else(|| StoreError::missing("a key"))?;
            if sk == SELF {
                page.owner_exists = Some(name_in(&item).is_some());
            } else {
                let id = keys::id_in(sk).ok_or_else(|| StoreError::missing("an id"))?;
                page.rows.push((id, Row::of(&item)?));
            }
        }
        Ok(page)
    }
}

impl Load for AssignmentPage {
    type Name = Paging<(DoctorId, PatientId)>;
    type Found = Rows;

    /// Calls: Scan of gsi1.
    async fn find(
        store: &Store,
        paging: &Self::Name,
        allowed: &Allowed,
    ) -> Result<Rows, StoreError> {
        let Reach::All = allowed.reach();
        let after = paging.after.map(|(doctor, patient)| keys::in_gsi1(patient, doctor));
        Ok(store.main.scan_index(GSI1, ASSIGNMENT_ATTRIBUTES, paging.limit, after).await?)
    }

    fn build(
        _paging: Self::Name,
        _allowed: &Allowed,
        _items: &mut Items,
        found: Rows,
    ) -> Result<Self, StoreError> {
        let next = found.next(|last| Some((id_of(last, "sk")?, id_of(last, "pk")?)))?;
        let results = found.items.iter().map(assignment_in).collect::<Result<_, _>>()?;
        Ok(Self(Page { results, next }))
    }
}

fn id_of<I: Id>(item: &Item, key: &str) -> Option<I> {
    keys::id_in(dynamo::string(item, key)?)
}

fn with_names(assignments: Vec<Assignment>, items: Items) -> Vec<AssignmentView> {
    let mut doctors: HashMap<DoctorId, String> = HashMap::new();
    let mut patients: HashMap<PatientId, String> = HashMap::new();
    for item in items {
        let (Some(pk), Some(name)) = (dynamo::string(&item, "pk"), name_in(&item)) else {
            continue;
        };
        if let Some(id) = keys::record_id::<DoctorDetails>(pk) {
            doctors.insert(id, name);
        } else if let Some(id) = keys::record_id::<PatientDetails>(pk) {
            patients.insert(id, name);
        }
    }
    let with_names = |assignment: Assignment| {
        let doctor_name = doctors.get(&assignment.doctor_id)?.clone();
        let patient_name = patients.get(&assignment.patient_id)?.clone();
        Some(assignment.named(doctor_name, patient_name))
    };
    assignments.into_iter().filter_map(with_names).collect()
}
