//! Mappings: assigned and removed. `mapping_lists` lists them.
//!
//! Each is two rows, the patient's and the doctor's, which come and go together.

use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::backoff::backoff;
use super::batch::Items;
use super::key::{self, Item, Key};
use super::lookup::Lookup;
use super::transaction::Outcome;
use super::{Table, TableError};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::mapping::{Assignment, Mapping};
use crate::model::patient::PatientDetails;
use crate::model::timestamp::Timestamp;

/// How often an assignment that found another change in its way looks again.
const ASSIGN_ATTEMPTS: u32 = 5;

#[derive(Debug)]
pub enum Assign {
    New(Mapping),
    /// It stood already; it is answered as it was made.
    Already(Mapping),
    /// Which of the two there is not.
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

impl Table {
    /// Makes the mapping if doctor and patient live and it does not stand yet. Calls: W; none when it stands.
    pub async fn assign(
        &self,
        mut pair: Pair,
        by: UserId,
        now: Timestamp,
    ) -> Result<Assign, TableError> {
        let (doctor, patient) = (pair.doctor_id, pair.patient_id);
        for attempt in 1..=ASSIGN_ATTEMPTS {
            let (doctor_name, patient_name) = match (pair.doctor_name, pair.patient_name) {
                (Some(doctor_name), Some(patient_name)) => (doctor_name, patient_name),
                (doctor, patient) => {
                    let (doctor, patient) = (doctor.is_none(), patient.is_none());
                    return Ok(Assign::Unknown { doctor, patient });
                }
            };
            if let Some(standing) = pair.mapping {
                return Ok(Assign::Already(standing.named(doctor_name, patient_name)));
            }
            let assignment = Assignment {
                doctor_id: doctor,
                patient_id: patient,
                assigned_at: now,
                assigned_by: by,
            };
            if self.put_mapping(&assignment).await? == Outcome::Committed {
                return Ok(Assign::New(assignment.named(doctor_name, patient_name)));
            }
            // Somebody assigned or deleted in between: look again, and answer what is true now.
            backoff(attempt).await;
            pair = self.look_up(&(doctor, patient)).await?;
        }
        Err(TableError::Unavailable("too many changes of one mapping at once".to_owned()))
    }

    async fn put_mapping(&self, assignment: &Assignment) -> Result<Outcome<Refusal>, TableError> {
        let (doctor, patient) = (assignment.doctor_id, assignment.patient_id);
        let row = Row { assigned_at: assignment.assigned_at, assigned_by: assignment.assigned_by };
        let doctors = key::item(&row, Key::doctors_mapping(patient, doctor))?;
        let mut patients = key::item(&row, Key::patients_mapping(patient, doctor))?;
        patients.extend(key::in_gsi1(patient, doctor));
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
}

/// A doctor, a patient, and the mapping that may stand between them, as one consistent look found them.
#[derive(Debug)]
pub struct Pair {
    doctor_id: DoctorId,
    patient_id: PatientId,
    /// None of one who does not live.
    doctor_name: Option<String>,
    patient_name: Option<String>,
    mapping: Option<Assignment>,
}

impl Lookup for Pair {
    type Name = (DoctorId, PatientId);

    fn keys(&(doctor, patient): &Self::Name) -> Vec<Key> {
        Self::places(doctor, patient).into()
    }

    fn take(&(doctor_id, patient_id): &Self::Name, items: &mut Items) -> Result<Self, TableError> {
        let places = Self::places(doctor_id, patient_id);
        let [doctor, patient, mapping] = places.map(|key| items.take(&key));
        Ok(Self {
            doctor_id,
            patient_id,
            doctor_name: doctor.as_ref().and_then(name_in),
            patient_name: patient.as_ref().and_then(name_in),
            mapping: mapping.map(assignment_in).transpose()?,
        })
    }
}

impl Pair {
    fn places(doctor: DoctorId, patient: PatientId) -> [Key; 3] {
        [
            Key::record::<DoctorDetails>(doctor),
            Key::record::<PatientDetails>(patient),
            Key::patients_mapping(patient, doctor),
        ]
    }
}

/// What each of a mapping's two rows holds beside its keys.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    pub assigned_at: Timestamp,
    assigned_by: UserId,
}

/// Reads the patient's row, in which the patient is the partition.
pub(super) fn assignment_in(item: Item) -> Result<Assignment, TableError> {
    let id_in = |name| key::text(&item, name).ok_or_else(|| TableError::missing("a key"));
    let missing = || TableError::missing("an id");
    let doctor_id = key::id_in(id_in("sk")?).ok_or_else(missing)?;
    let patient_id = key::id_in(id_in("pk")?).ok_or_else(missing)?;
    let Row { assigned_at, assigned_by } = from_item(item).map_err(TableError::unreadable)?;
    Ok(Assignment { doctor_id, patient_id, assigned_at, assigned_by })
}

/// The name of a doctor or a patient who lives.
pub(super) fn name_in(item: &Item) -> Option<String> {
    if item.contains_key("deleted_at") {
        return None;
    }
    Some(format!("{} {}", key::text(item, "first_name")?, key::text(item, "last_name")?))
}
