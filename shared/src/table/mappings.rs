//! Mappings: assigned and removed. `mapping_lists` lists them.
//!
//! Each is two rows, the patient's and the doctor's, which come and go together.

use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::backoff::backoff;
use super::key::{self, Item, Key, SELF};
use super::transaction::Outcome;
use super::{Table, TableError};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::mapping::{Assignment, Mapping};
use crate::model::patient::PatientDetails;
use crate::model::timestamp::Timestamp;

/// How often an assignment that found another change in its way looks again.
const ASSIGN_ATTEMPTS: u32 = 5;

/// Enough to show a name beside an id, and to tell a tombstone.
pub(super) const NAMES: &[&str] = &["pk", "sk", "deleted_at", "first_name", "last_name"];

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
    /// Makes the mapping if doctor and patient live and it does not stand yet.
    /// Calls: BatchGet(doctor, patient, mapping), W; the first alone when it stands.
    pub async fn assign(
        &self,
        doctor: DoctorId,
        patient: PatientId,
        by: UserId,
        now: Timestamp,
    ) -> Result<Assign, TableError> {
        for attempt in 0..ASSIGN_ATTEMPTS {
            backoff(attempt).await;
            let seen = self.see(doctor, patient).await?;
            let (doctor_name, patient_name) = match (seen.doctor_name, seen.patient_name) {
                (Some(doctor_name), Some(patient_name)) => (doctor_name, patient_name),
                (doctor, patient) => {
                    let (doctor, patient) = (doctor.is_none(), patient.is_none());
                    return Ok(Assign::Unknown { doctor, patient });
                }
            };
            if let Some(standing) = seen.mapping {
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
        }
        Err(TableError::Unavailable("too many changes of one mapping at once".to_owned()))
    }

    async fn see(&self, doctor: DoctorId, patient: PatientId) -> Result<Seen, TableError> {
        let doctor_key = Key::record::<DoctorDetails>(doctor);
        let patient_key = Key::record::<PatientDetails>(patient);
        let keys = [doctor_key.clone(), patient_key, Key::patients_mapping(patient, doctor)];
        let attributes = [NAMES, &["assigned_at", "assigned_by"]].concat();
        let mut seen = Seen::default();
        for item in self.batch_get(keys, &attributes).await? {
            if key::text(&item, "sk") != Some(SELF) {
                seen.mapping = Some(assignment_in(item)?);
            } else if key::text(&item, "pk") == Some(&doctor_key.pk) {
                seen.doctor_name = name_in(&item);
            } else {
                seen.patient_name = name_in(&item);
            }
        }
        Ok(seen)
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

/// Doctor, patient and mapping as one consistent look found them; a name is there if its bearer lives.
#[derive(Default)]
struct Seen {
    doctor_name: Option<String>,
    patient_name: Option<String>,
    mapping: Option<Assignment>,
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
