//! Assignments of doctors to patients: made and ended. `assignment_lists` lists them.
//!
//! Each is two rows, in the patient's and in the doctor's partition, which come and go together.

use serde::Serialize;

use super::error::StoreError;
use super::keys;
use super::load::Load;
use super::stored::alive;
use super::tables::Store;
use crate::access::{Allowed, Granted, action};
use crate::dynamo::{self, Item, Items, Key, Outcome};
use crate::model::assignment::{Assignment, AssignmentView};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::patient::PatientDetails;
use crate::model::timestamp::Timestamp;

action! {
    /// Assigns a doctor to a patient.
    Assign: DoctorAndPatient
}

action! {
    /// Ends an assignment.
    EndAssignment: AssignmentIds
}

/// The assignments of all patients.
#[derive(Debug)]
pub struct Assignments<'a> {
    pub(super) store: &'a Store,
}

/// The two ids that name an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssignmentIds {
    pub doctor_id: DoctorId,
    pub patient_id: PatientId,
}

/// A doctor, a patient, and their assignment if there is one, as one consistent read found them.
#[derive(Debug)]
pub struct DoctorAndPatient {
    ids: AssignmentIds,
    /// `None` if no such doctor exists.
    doctor_name: Option<String>,
    /// `None` if no such patient exists.
    patient_name: Option<String>,
    assignment: Option<Assignment>,
}

/// The result of [`Assignments::assign`].
#[derive(Debug)]
pub struct Assigned {
    pub assignment: AssignmentView,
    /// Whether it was made now; otherwise it is returned as it was made before.
    pub is_new: bool,
}

impl Store {
    pub fn assignments(&self) -> Assignments<'_> {
        Assignments { store: self }
    }
}

impl Assignments<'_> {
    /// Makes the assignment unless it exists. Calls: TransactWriteItems; none if it exists.
    pub async fn assign(&self, by: Granted<Assign>) -> Result<Assigned, StoreError> {
        let (now, assigned_by) = (by.at(), by.caller().id());
        let DoctorAndPatient { ids, doctor_name, patient_name, assignment } = by.into_target();
        let (Some(doctor_name), Some(patient_name)) = (&doctor_name, &patient_name) else {
            return Err(ids.missing(doctor_name.is_none(), patient_name.is_none()));
        };
        let (is_new, assignment) = match assignment {
            Some(existing) => (false, existing),
            None => {
                let AssignmentIds { doctor_id, patient_id } = ids;
                let new = Assignment { doctor_id, patient_id, assigned_at: now, assigned_by };
                // A concurrent request assigned or deleted: load again, and answer what is true now.
                if self.put(&new).await? != Outcome::Committed {
                    return Err(StoreError::Contended);
                }
                (true, new)
            }
        };
        let assignment = assignment.named(doctor_name.clone(), patient_name.clone());
        Ok(Assigned { assignment, is_new })
    }

    async fn put(&self, assignment: &Assignment) -> Result<Outcome<()>, StoreError> {
        let (doctor, patient) = (assignment.doctor_id, assignment.patient_id);
        let row = Row { assigned_at: assignment.assigned_at, assigned_by: assignment.assigned_by };
        let doctors = dynamo::write(&row, Key::assignment_of_doctor(patient, doctor))?;
        let mut patients = dynamo::write(&row, Key::assignment(patient, doctor))?;
        patients.extend(keys::in_gsi1(patient, doctor));
        let transaction = self.store.main.transaction();
        let outcome = transaction
            .require(Key::record::<DoctorDetails>(doctor), alive(), ())
            .require(Key::record::<PatientDetails>(patient), alive(), ())
            .put_new(patients, ())
            .put_new(doctors, ())
            .commit()
            .await?;
        Ok(outcome)
    }

    /// Ends the assignment that the target names. Calls: TransactWriteItems.
    pub async fn end(&self, by: Granted<EndAssignment>) -> Result<(), StoreError> {
        let AssignmentIds { doctor_id: doctor, patient_id: patient } = by.into_target();
        let transaction = self.store.main.transaction();
        let outcome = transaction
            .delete_existing(Key::assignment(patient, doctor), ())
            .delete_existing(Key::assignment_of_doctor(patient, doctor), ())
            .commit()
            .await?;
        match outcome {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::not_found(format!(
                "assignment of doctor {doctor} to patient {patient}"
            ))),
        }
    }
}

impl AssignmentIds {
    fn keys(self) -> [Key; 3] {
        [
            Key::record::<DoctorDetails>(self.doctor_id),
            Key::record::<PatientDetails>(self.patient_id),
            Key::assignment(self.patient_id, self.doctor_id),
        ]
    }

    /// Names the side that does not exist, or both.
    fn missing(self, no_doctor: bool, no_patient: bool) -> StoreError {
        let Self { doctor_id, patient_id } = self;
        StoreError::not_found(match (no_doctor, no_patient) {
            (true, true) => format!("doctor {doctor_id} and no patient {patient_id}"),
            (true, false) => format!("doctor {doctor_id}"),
            _ => format!("patient {patient_id}"),
        })
    }
}

impl Load for AssignmentIds {
    type Name = Self;
    type Found = ();

    fn patient(ids: &Self) -> Option<PatientId> {
        Some(ids.patient_id)
    }

    fn build(
        ids: Self,
        _allowed: &Allowed,
        _items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        Ok(ids)
    }
}

impl Load for DoctorAndPatient {
    type Name = AssignmentIds;
    type Found = ();

    fn keys(ids: &AssignmentIds) -> Vec<Key> {
        ids.keys().into()
    }

    fn patient(ids: &AssignmentIds) -> Option<PatientId> {
        Some(ids.patient_id)
    }

    fn build(
        ids: AssignmentIds,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let [doctor, patient, assignment] = ids.keys().map(|key| items.take(&key));
        Ok(Self {
            ids,
            doctor_name: doctor.as_ref().and_then(name_in),
            patient_name: patient.as_ref().and_then(name_in),
            assignment: assignment.as_ref().map(assignment_in).transpose()?,
        })
    }
}

/// The content of each of the two rows, beside its keys.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub assigned_at: Timestamp,
    assigned_by: UserId,
}

impl Row {
    /// Reads the two attributes without serde, which takes several times as long.
    pub(super) fn of(item: &Item) -> Result<Self, StoreError> {
        let assigned_at = dynamo::string(item, "assigned_at").and_then(|it| it.parse().ok());
        let assigned_by = dynamo::number(item, "assigned_by").and_then(UserId::new);
        Ok(Self {
            assigned_at: assigned_at.ok_or_else(|| StoreError::missing("the time"))?,
            assigned_by: assigned_by.ok_or_else(|| StoreError::missing("the account"))?,
        })
    }
}

/// Reads the row in the patient's partition.
pub(super) fn assignment_in(item: &Item) -> Result<Assignment, StoreError> {
    let key = |name| dynamo::string(item, name).ok_or_else(|| StoreError::missing("a key"));
    let missing = || StoreError::missing("an id");
    let doctor_id = keys::id_in(key("sk")?).ok_or_else(missing)?;
    let patient_id = keys::id_in(key("pk")?).ok_or_else(missing)?;
    let Row { assigned_at, assigned_by } = Row::of(item)?;
    Ok(Assignment { doctor_id, patient_id, assigned_at, assigned_by })
}

/// Returns the name of a doctor or a patient; `None` for a tombstone.
pub(super) fn name_in(item: &Item) -> Option<String> {
    if item.contains_key("deleted_at") {
        return None;
    }
    // One of them may be unknown.
    let parts = ["first_name", "last_name"].map(|name| dynamo::string(item, name));
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
