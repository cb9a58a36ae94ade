//! Mappings: assigned, removed, and listed from either side or all together.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use super::backoff::backoff;
use super::key::{self, GSI1, Item, Key, SELF};
use super::records::Stored;
use super::transaction::Outcome;
use super::{Table, TableError};
use crate::model::doctor::{Doctor, DoctorDetails};
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::mapping::{Assigned, Assignment, Mapping};
use crate::model::page::{Page, Paging};
use crate::model::patient::{Patient, PatientDetails};
use crate::model::record::{Details, Record};
use crate::model::timestamp::Timestamp;

/// How often an assignment that found another change in its way looks again.
const ASSIGN_ATTEMPTS: u32 = 5;

/// All that lists show of a doctor or a patient, and what tells a tombstone; `medical_history` is not of it.
const LISTED: &[&str] = &[
    "pk",
    "id",
    "version",
    "created_at",
    "updated_at",
    "deleted_at",
    "swept",
    "first_name",
    "last_name",
    "email",
    "phone_number",
    "specialization",
    "license_number",
    "years_of_experience",
    "date_of_birth",
    "gender",
    "contact_number",
    "address",
    "emergency_number",
];

/// Enough to show a name beside an id.
const NAMES: &[&str] = &["pk", "deleted_at", "first_name", "last_name"];

#[derive(Debug)]
pub enum Assign {
    New(Mapping),
    /// It stood already; it is answered as it was made.
    Already(Mapping),
    Unknown {
        doctor: bool,
        patient: bool,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    NotAssigned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    DoctorGone,
    PatientGone,
    AlreadyAssigned,
}

/// What a mapping's rows hold beside their keys.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    pk: String,
    sk: String,
    assigned_at: Timestamp,
    assigned_by: UserId,
}

impl Table {
    /// Makes both rows if doctor and patient live and the mapping does not stand yet.
    /// Calls: BatchGet(doctor, patient, mapping), W; the first alone when it stands.
    pub async fn assign(
        &self,
        doctor: DoctorId,
        patient: PatientId,
        by: UserId,
        now: Timestamp,
    ) -> Result<Assign, TableError> {
        let assignment = Assignment {
            doctor_id: doctor,
            patient_id: patient,
            assigned_at: now,
            assigned_by: by,
        };
        for attempt in 0..ASSIGN_ATTEMPTS {
            backoff(attempt).await;
            let seen = self.see(doctor, patient).await?;
            let (Some(doctor_name), Some(patient_name)) = (&seen.doctor_name, &seen.patient_name)
            else {
                return Ok(Assign::Unknown {
                    doctor: seen.doctor_name.is_none(),
                    patient: seen.patient_name.is_none(),
                });
            };
            let shown = |a: Assignment| Mapping {
                doctor_id: a.doctor_id,
                doctor_name: doctor_name.clone(),
                patient_id: a.patient_id,
                patient_name: patient_name.clone(),
                assigned_at: a.assigned_at,
                assigned_by: a.assigned_by,
            };
            if let Some(standing) = seen.mapping {
                return Ok(Assign::Already(shown(standing)));
            }
            if self.put_mapping(&assignment).await? == Outcome::Committed {
                return Ok(Assign::New(shown(assignment)));
            }
            // Somebody assigned or deleted in between: look again, and answer what is true now.
        }
        Err(TableError::Unavailable("too many changes of one mapping at once".to_owned()))
    }

    async fn see(&self, doctor: DoctorId, patient: PatientId) -> Result<Seen, TableError> {
        let doctor_key = Key::record::<DoctorDetails>(doctor);
        let patient_key = Key::record::<PatientDetails>(patient);
        let keys = [doctor_key, patient_key, Key::patients_mapping(patient, doctor)];
        let attributes = [NAMES, &["sk", "assigned_at", "assigned_by"]].concat();
        let mut seen = Seen::default();
        for item in self.batch_get(keys, &attributes).await? {
            let is_record = key::text(&item, "sk") == Some(SELF);
            if !is_record {
                seen.mapping = Some(assignment_in(item)?);
            } else if key::text(&item, "pk")
                == Some(&key::record(DoctorDetails::KIND, doctor.get()))
            {
                seen.doctor_name = name_in(&item);
            } else {
                seen.patient_name = name_in(&item);
            }
        }
        Ok(seen)
    }

    async fn put_mapping(&self, assignment: &Assignment) -> Result<Outcome<Refusal>, TableError> {
        let (doctor, patient) = (assignment.doctor_id, assignment.patient_id);
        let row = |key: Key| {
            to_item(Row {
                pk: key.pk,
                sk: key.sk,
                assigned_at: assignment.assigned_at,
                assigned_by: assignment.assigned_by,
            })
            .map_err(TableError::unreadable)
        };
        let doctors = row(Key::doctors_mapping(patient, doctor))?;
        let mut patients: Item = row(Key::patients_mapping(patient, doctor))?;
        let index = Key::doctors_mapping(patient, doctor);
        patients.insert("gsi1pk".to_owned(), AttributeValue::S(index.pk));
        patients.insert("gsi1sk".to_owned(), AttributeValue::S(index.sk));
        self.transaction()
            .require_alive(Key::record::<DoctorDetails>(doctor), Refusal::DoctorGone)
            .require_alive(Key::record::<PatientDetails>(patient), Refusal::PatientGone)
            .put_new(patients, Refusal::AlreadyAssigned)
            .put_new(doctors, Refusal::AlreadyAssigned)
            .commit()
            .await
    }

    /// Calls: W.
    pub async fn remove(
        &self,
        doctor: DoctorId,
        patient: PatientId,
    ) -> Result<Removed, TableError> {
        let outcome = self
            .transaction()
            .delete_existing(Key::patients_mapping(patient, doctor), ())
            .delete_existing(Key::doctors_mapping(patient, doctor), ())
            .commit()
            .await?;
        Ok(match outcome {
            Outcome::Committed => Removed::Done,
            Outcome::Refused(_) => Removed::NotAssigned,
        })
    }

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

    /// The first page of the Query holds the owner itself (`#` sorts first); later pages read it
    /// together with the related records.
    async fn related<Owner: Details, Other: Details>(
        &self,
        owner: Owner::Id,
        paging: Paging<Other::Id>,
    ) -> Result<Option<Page<Assigned<Record<Other>>, Other::Id>>, TableError> {
        let owner_key = Key::record::<Owner>(owner);
        let is_first_page = paging.after.is_none();
        let start = paging.after.map(|other| {
            let position =
                Key { pk: owner_key.pk.clone(), sk: key::record(Other::KIND, other.get()) };
            Item::from(position)
        });
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(owner_key.pk.clone()))
            .consistent_read(true)
            .limit(paging.limit + i32::from(is_first_page))
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let next =
            answer.last_evaluated_key.as_ref().and_then(|last| key::id_in(key::text(last, "sk")?));

        let mut owners = Vec::new();
        let mut rows: Vec<(Other::Id, Row)> = Vec::new();
        for item in answer.items.unwrap_or_default() {
            if key::text(&item, "sk") == Some(SELF) {
                owners.push(item);
            } else {
                let row: Row = from_item(item).map_err(TableError::unreadable)?;
                let id = key::id_in(&row.sk).ok_or_else(|| TableError::missing("an id"))?;
                rows.push((id, row));
            }
        }

        let mut keys: Vec<Key> = rows.iter().map(|(id, _)| Key::record::<Other>(*id)).collect();
        if !is_first_page {
            keys.push(owner_key.clone());
        }
        let mut others: HashMap<Other::Id, Record<Other>> = HashMap::new();
        if !keys.is_empty() {
            for item in self.batch_get(keys, LISTED).await? {
                if key::text(&item, "pk") == Some(&owner_key.pk) {
                    owners.push(item);
                } else if let Stored::Alive(record) = Stored::<Other>::read(item)? {
                    others.insert(record.id, record);
                }
            }
        }
        if !owners.iter().any(is_alive) {
            return Ok(None);
        }
        let with_record = |(id, row): (Other::Id, Row)| {
            Some(Assigned { to: others.remove(&id)?, assigned_at: row.assigned_at })
        };
        Ok(Some(Page { results: rows.into_iter().filter_map(with_record).collect(), next }))
    }

    /// All mappings, in no order that means anything. Calls: Scan of gsi1, BatchGet names.
    pub async fn mappings(
        &self,
        paging: Paging<(DoctorId, PatientId)>,
    ) -> Result<Page<Mapping, (DoctorId, PatientId)>, TableError> {
        let start = paging.after.map(|(doctor, patient)| {
            let mut start = Item::from(Key::patients_mapping(patient, doctor));
            let index = Key::doctors_mapping(patient, doctor);
            start.insert("gsi1pk".to_owned(), AttributeValue::S(index.pk));
            start.insert("gsi1sk".to_owned(), AttributeValue::S(index.sk));
            start
        });
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .index_name(GSI1)
            .limit(paging.limit)
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let next = answer.last_evaluated_key.as_ref().and_then(|last| {
            Some((key::id_in(key::text(last, "sk")?)?, key::id_in(key::text(last, "pk")?)?))
        });
        let rows = answer.items.unwrap_or_default().into_iter().map(assignment_in);
        let assignments = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(Page { results: self.with_names(assignments).await?, next })
    }

    /// Drops the assignments whose doctor or patient is gone.
    async fn with_names(&self, assignments: Vec<Assignment>) -> Result<Vec<Mapping>, TableError> {
        if assignments.is_empty() {
            return Ok(Vec::new());
        }
        let keys = assignments.iter().flat_map(|a| {
            [Key::record::<DoctorDetails>(a.doctor_id), Key::record::<PatientDetails>(a.patient_id)]
        });
        let mut names: HashMap<String, String> = HashMap::new();
        for item in self.batch_get(keys, NAMES).await? {
            if let (Some(pk), Some(name)) = (key::text(&item, "pk"), name_in(&item)) {
                names.insert(pk.to_owned(), name);
            }
        }
        let name = |kind: &str, id: u64| names.get(&key::record(kind, id)).cloned();
        let shown = |a: Assignment| {
            Some(Mapping {
                doctor_id: a.doctor_id,
                doctor_name: name(DoctorDetails::KIND, a.doctor_id.get())?,
                patient_id: a.patient_id,
                patient_name: name(PatientDetails::KIND, a.patient_id.get())?,
                assigned_at: a.assigned_at,
                assigned_by: a.assigned_by,
            })
        };
        Ok(assignments.into_iter().filter_map(shown).collect())
    }
}

/// Doctor, patient and mapping as one consistent look found them; a name is there if its bearer lives.
#[derive(Default)]
struct Seen {
    doctor_name: Option<String>,
    patient_name: Option<String>,
    mapping: Option<Assignment>,
}

/// Reads the patient-side row, in which the patient is the partition.
fn assignment_in(item: Item) -> Result<Assignment, TableError> {
    let row: Row = from_item(item).map_err(TableError::unreadable)?;
    let missing = || TableError::missing("an id");
    Ok(Assignment {
        doctor_id: key::id_in(&row.sk).ok_or_else(missing)?,
        patient_id: key::id_in(&row.pk).ok_or_else(missing)?,
        assigned_at: row.assigned_at,
        assigned_by: row.assigned_by,
    })
}

fn is_alive(item: &Item) -> bool {
    !item.contains_key("deleted_at")
}

fn name_in(item: &Item) -> Option<String> {
    if !is_alive(item) {
        return None;
    }
    Some(format!("{} {}", key::text(item, "first_name")?, key::text(item, "last_name")?))
}
