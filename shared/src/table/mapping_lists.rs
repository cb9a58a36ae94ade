//! Lists of mappings: a patient's doctors, a doctor's patients, and all. Each is read in two steps, rows of ids and then
//! what lies at those ids.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::batch::{Items, Wanted};
use super::key::{self, GSI1, Item, Key, SELF};
use super::mappings::{Row, assignment_in, name_in};
use super::records::Stored;
use super::unread::Unread;
use super::{Table, TableError};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, Id, PatientId};
use crate::model::mapping::{Assigned, Assignment, Mapping};
use crate::model::page::{Page, Paging};
use crate::model::patient::PatientDetails;
use crate::model::record::{Details, Record};

/// All that a list shows of a patient, and what tells a tombstone; `medical_history` is not of it.
#[rustfmt::skip]
pub const LISTED_OF_PATIENTS: &[&str] = &[
    "pk", "sk", "deleted_at", "swept", "id", "version", "created_at", "updated_at",
    "first_name", "last_name", "date_of_birth", "gender", "contact_number", "address", "emergency_number",
];

/// Of a doctor there is nothing that a list does not show.
const LISTED_OF_DOCTORS: &[&str] = &[];

/// Enough to show a name beside an id, and to tell a tombstone.
const NAMES: &[&str] = &["pk", "sk", "deleted_at", "first_name", "last_name"];

/// The most rows of a later page, whose names are read together with the owner in one call of 100.
const LATER_PAGE: i32 = 99;

/// Doctors of one patient, or patients of one doctor.
pub type Related<Other> = Page<Assigned<Record<Other>>, <Other as Details>::Id>;

/// A page of the rows in an owner's partition.
struct Rows<Other: Details> {
    owner: Key,
    /// Whether the page holds the owner, alive.
    owner_lives: bool,
    of: Vec<(Other::Id, Row)>,
    next: Option<Other::Id>,
}

impl<Other: Details> Rows<Other> {
    /// The page, of what lies at the other sides' keys and the owner's; `None` if the owner does not live.
    fn with(mut self, items: Items) -> Result<Option<Related<Other>>, TableError> {
        let mut others: HashMap<Other::Id, Record<Other>> = HashMap::new();
        for item in items {
            if key::text(&item, "pk") == Some(&self.owner.pk) {
                self.owner_lives = name_in(&item).is_some();
            } else if let Stored::Alive(record) = Stored::<Other>::read(item)? {
                others.insert(record.id, record);
            }
        }
        if !self.owner_lives {
            return Ok(None);
        }
        let with_record = |(id, row): (Other::Id, Row)| {
            Some(Assigned { to: others.remove(&id)?, assigned_at: row.assigned_at })
        };
        let results = self.of.into_iter().filter_map(with_record).collect();
        Ok(Some(Page { results, next: self.next }))
    }
}

impl Table {
    /// The doctors of a patient, by id; `None` if there is no such patient. Calls: Query, and BatchGet of what is unread.
    pub async fn doctors_of(
        &self,
        patient: PatientId,
        paging: Paging<DoctorId>,
    ) -> Result<Unread<Option<Related<DoctorDetails>>>, TableError> {
        self.related::<PatientDetails, DoctorDetails>(patient, paging, LISTED_OF_DOCTORS).await
    }

    /// The patients of a doctor, by id; `None` if there is no such doctor. Calls: Query, and BatchGet of what is unread.
    pub async fn patients_of(
        &self,
        doctor: DoctorId,
        paging: Paging<PatientId>,
    ) -> Result<Unread<Option<Related<PatientDetails>>>, TableError> {
        self.related::<DoctorDetails, PatientDetails>(doctor, paging, LISTED_OF_PATIENTS).await
    }

    /// The first page of the Query holds the owner itself (`#` sorts first); a later one reads it
    /// together with the related records.
    async fn related<Owner: Details, Other: Details>(
        &self,
        owner: Owner::Id,
        paging: Paging<Other::Id>,
        attributes: &[&'static str],
    ) -> Result<Unread<Option<Related<Other>>>, TableError> {
        let is_first_page = paging.after.is_none();
        let rows = self.rows_of::<Other>(Key::record::<Owner>(owner), paging).await?;
        let mut keys: Vec<Key> = rows.of.iter().map(|(id, _)| Key::record::<Other>(*id)).collect();
        if !is_first_page {
            keys.push(rows.owner.clone());
        }
        let wanted = Wanted { keys, attributes: attributes.to_vec() };
        Ok(Unread::new(wanted, |items| rows.with(items)))
    }

    async fn rows_of<Other: Details>(
        &self,
        owner: Key,
        paging: Paging<Other::Id>,
    ) -> Result<Rows<Other>, TableError> {
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
        let mut rows = Rows { owner, owner_lives: false, of: Vec::new(), next };
        for item in answer.items.unwrap_or_default() {
            let sk = key::text(&item, "sk").ok_or_else(|| TableError::missing("a key"))?;
            if sk == SELF {
                rows.owner_lives = name_in(&item).is_some();
            } else {
                let id = key::id_in(sk).ok_or_else(|| TableError::missing("an id"))?;
                rows.of.push((id, from_item(item).map_err(TableError::unreadable)?));
            }
        }
        Ok(rows)
    }

    /// All mappings, in no order that means anything; those whose doctor or patient is gone are left out. Calls: Scan of
    /// gsi1, and BatchGet of the names, which are unread.
    pub async fn mappings(
        &self,
        paging: Paging<(DoctorId, PatientId)>,
    ) -> Result<Unread<Page<Mapping, (DoctorId, PatientId)>>, TableError> {
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
        let sides = |assignment: &Assignment| {
            [
                Key::record::<DoctorDetails>(assignment.doctor_id),
                Key::record::<PatientDetails>(assignment.patient_id),
            ]
        };
        let keys = assignments.iter().flat_map(sides).collect();
        let wanted = Wanted { keys, attributes: NAMES.to_vec() };
        Ok(Unread::new(wanted, move |items| Ok(Page { results: named(assignments, items), next })))
    }
}

fn named(assignments: Vec<Assignment>, items: Items) -> Vec<Mapping> {
    let mut names: HashMap<String, String> = HashMap::new();
    for item in items {
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
    assignments.into_iter().filter_map(named).collect()
}
