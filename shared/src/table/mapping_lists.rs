//! Lists of mappings: a patient's doctors, a doctor's patients, and all.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::key::{self, GSI1, Item, Key, SELF};
use super::mappings::{Row, assignment_in, name_in};
use super::records::Stored;
use super::{Table, TableError};
use crate::model::doctor::{Doctor, DoctorDetails};
use crate::model::id::{DoctorId, Id, PatientId};
use crate::model::mapping::{Assigned, Assignment, Mapping};
use crate::model::page::{Page, Paging};
use crate::model::patient::{Patient, PatientDetails};
use crate::model::record::{Details, Record};

/// All that lists show of a doctor or a patient, and what tells a tombstone; `medical_history` is not
/// of it.
#[rustfmt::skip]
pub const LISTED: &[&str] = &[
    "pk", "sk", "deleted_at", "swept", "id", "version", "created_at", "updated_at",
    "first_name", "last_name",
    "email", "phone_number", "specialization", "license_number", "years_of_experience",
    "date_of_birth", "gender", "contact_number", "address", "emergency_number",
];

/// Enough to show a name beside an id, and to tell a tombstone.
const NAMES: &[&str] = &["pk", "sk", "deleted_at", "first_name", "last_name"];

/// The most rows of a later page, whose names are read together with the owner in one call of 100.
const LATER_PAGE: i32 = 99;

impl Table {
    /// The doctors of a patient, by id; `None` if there is no such patient. Calls: Query, BatchGet.
    pub async fn doctors_of(
        &self,
        patient: PatientId,
        paging: Paging<DoctorId>,
    ) -> Result<Option<Page<Assigned<Doctor>, DoctorId>>, TableError> {
        self.related::<PatientDetails, DoctorDetails>(patient, paging).await
    }

    /// The patients of a doctor, by id; `None` if there is no such doctor. Calls: Query, BatchGet.
    pub async fn patients_of(
        &self,
        doctor: DoctorId,
        paging: Paging<PatientId>,
    ) -> Result<Option<Page<Assigned<Patient>, PatientId>>, TableError> {
        self.related::<DoctorDetails, PatientDetails>(doctor, paging).await
    }

    /// The first page of the Query holds the owner itself (`#` sorts first); a later one reads it
    /// together with the related records.
    async fn related<Owner: Details, Other: Details>(
        &self,
        owner: Owner::Id,
        paging: Paging<Other::Id>,
    ) -> Result<Option<Page<Assigned<Record<Other>>, Other::Id>>, TableError> {
        let owner = Key::record::<Owner>(owner);
        let is_first_page = paging.after.is_none();
        let (rows, mut owners, next) = self.rows_of::<Other>(&owner, paging).await?;

        let mut keys: Vec<Key> = rows.iter().map(|(id, _)| Key::record::<Other>(*id)).collect();
        if !is_first_page {
            keys.push(owner.clone());
        }
        let mut others: HashMap<Other::Id, Record<Other>> = HashMap::new();
        for item in self.batch_get(keys, LISTED).await? {
            if key::text(&item, "pk") == Some(&owner.pk) {
                owners.push(item);
            } else if let Stored::Alive(record) = Stored::<Other>::read(item)? {
                others.insert(record.id, record);
            }
        }
        if !owners.iter().any(|owner| name_in(owner).is_some()) {
            return Ok(None);
        }
        let with_record = |(id, row): (Other::Id, Row)| {
            Some(Assigned { to: others.remove(&id)?, assigned_at: row.assigned_at })
        };
        Ok(Some(Page { results: rows.into_iter().filter_map(with_record).collect(), next }))
    }

    /// A page of an owner's partition: the mappings in it by the other side's id, the owner itself if it
    /// is on the page, and where the page ends.
    async fn rows_of<Other: Details>(
        &self,
        owner: &Key,
        paging: Paging<Other::Id>,
    ) -> Result<(Vec<(Other::Id, Row)>, Vec<Item>, Option<Other::Id>), TableError> {
        let limit = match paging.after {
            None => paging.limit + 1,
            Some(_) => paging.limit.min(LATER_PAGE),
        };
        let start = paging.after.map(|other| {
            let sk = key::record(Other::KIND, other.get());
            Item::from(Key { pk: owner.pk.clone(), sk })
        });
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(owner.pk.clone()))
            .consistent_read(true)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let next =
            key::position(answer.last_evaluated_key, |last| key::id_in(key::text(last, "sk")?))?;
        let (mut rows, mut owners) = (Vec::new(), Vec::new());
        for item in answer.items.unwrap_or_default() {
            let sk = key::text(&item, "sk").ok_or_else(|| TableError::missing("a key"))?;
            if sk == SELF {
                owners.push(item);
            } else {
                let id = key::id_in(sk).ok_or_else(|| TableError::missing("an id"))?;
                rows.push((id, from_item(item).map_err(TableError::unreadable)?));
            }
        }
        Ok((rows, owners, next))
    }

    /// All mappings, in no order that means anything. Calls: Scan of gsi1, BatchGet names.
    pub async fn mappings(
        &self,
        paging: Paging<(DoctorId, PatientId)>,
    ) -> Result<Page<Mapping, (DoctorId, PatientId)>, TableError> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .index_name(GSI1)
            .limit(paging.limit)
            .set_exclusive_start_key(
                paging.after.map(|(doctor, patient)| key::in_gsi1(patient, doctor)),
            )
            .send()
            .await?;
        let next = key::position(answer.last_evaluated_key, |last| {
            Some((key::id_in(key::text(last, "sk")?)?, key::id_in(key::text(last, "pk")?)?))
        })?;
        let rows = answer.items.unwrap_or_default().into_iter().map(assignment_in);
        let assignments = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(Page { results: self.with_names(assignments).await?, next })
    }

    /// Drops the assignments whose doctor or patient is gone.
    async fn with_names(&self, assignments: Vec<Assignment>) -> Result<Vec<Mapping>, TableError> {
        let keys = assignments.iter().flat_map(|assignment| {
            [
                Key::record::<DoctorDetails>(assignment.doctor_id),
                Key::record::<PatientDetails>(assignment.patient_id),
            ]
        });
        let mut names: HashMap<String, String> = HashMap::new();
        for item in self.batch_get(keys, NAMES).await? {
            if let (Some(pk), Some(name)) = (key::text(&item, "pk"), name_in(&item)) {
                names.insert(pk.to_owned(), name);
            }
        }
        let name = |kind: &str, id: u64| names.get(&key::record(kind, id)).cloned();
        let named = |assignment: Assignment| {
            let doctor_name = name(DoctorDetails::KIND, assignment.doctor_id.get())?;
            let patient_name = name(PatientDetails::KIND, assignment.patient_id.get())?;
            Some(assignment.named(doctor_name, patient_name))
        };
        Ok(assignments.into_iter().filter_map(named).collect())
    }
}
