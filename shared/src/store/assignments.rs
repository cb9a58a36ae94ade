//! Assignments of doctors to patients, and how one is made. `assignment_changes` changes and ends them,
//! `assignment_batches` makes and moves many, `moves` moves one, `assignment_lists` lists them,
//! `care_changes` writes what a request makes of a patient's care.

use super::care::Care;
use super::care_changes::{CareChange, CareRequest, Decided};
use super::error::StoreError;
use super::load::Load;
use super::stored::record_in;
use super::tables::Store;
use crate::access::{Allowed, Granted, action};
use crate::audit::Subjects;
use crate::dynamo::{self, Item, Items, Key};
use crate::model::assignment::{AssignmentView, CareRole, Episode};
use crate::model::conflict::Conflict;
use crate::model::doctor::DoctorDetails;
use crate::model::field::FieldErrors;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::patient::PatientDetails;
use crate::model::period::Period;
use crate::model::reason::ReasonCode;
use crate::model::timestamp::Timestamp;

pub(super) const IN_THE_PAST: &str = "must not be in the past";

action! {
    /// Assigns a doctor to a patient.
    Assign: DoctorAndPatient<NewAssignment>
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

/// A request for an assignment. `None` is the usual value: treating, from now on, without an end.
#[derive(Debug, Clone)]
pub struct NewAssignment {
    pub ids: AssignmentIds,
    pub role: Option<CareRole>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub reason: Option<ReasonCode>,
}

/// The result of [`Assignments::assign`].
#[derive(Debug)]
pub struct Assigned {
    pub assignment: AssignmentView,
    /// Whether it was made now; otherwise it is returned as it was made before.
    pub is_new: bool,
}

/// A request about the assignment of one doctor to one patient.
pub trait NamesAssignment: Clone + Send + Sync + 'static {
    /// Whether the doctor gets the patient by it, so that it matters whether the doctor hands over all patients.
    const IS_NEW: bool;

    fn ids(&self) -> AssignmentIds;
}

/// A request, and what it depends on.
#[derive(Debug)]
pub struct DoctorAndPatient<R> {
    pub(super) request: R,
    pub(super) found: Found,
}

/// A doctor, a patient and the patient's care, as one consistent read found them.
#[derive(Debug)]
pub struct Found {
    /// `None` if no such doctor exists.
    doctor_name: Option<String>,
    /// Whether the doctor hands over all patients, and therefore gets no new ones; false where it does not matter.
    is_handing_over: bool,
    /// `None` if no such patient exists.
    patient_name: Option<String>,
    care: Option<Care>,
}

/// A doctor and a patient who exist, and the patient's care.
pub(super) struct Existing {
    pub doctor_name: String,
    pub patient_name: String,
    pub care: Care,
}

impl Store {
    pub fn assignments(&self) -> Assignments<'_> {
        Assignments { store: self }
    }
}

impl Assignments<'_> {
    /// Makes the assignment unless it exists. Calls: TransactWriteItems; none if it exists.
    pub async fn assign(&self, by: Granted<Assign>) -> Result<Assigned, StoreError> {
        let (now, caller) = (by.at(), by.caller().id());
        let DoctorAndPatient { request, found } = by.into_target();
        self.store.make(request.decide_on(found, caller, now)?).await
    }
}

impl NewAssignment {
    /// An assignment in the usual role and for the usual time.
    pub fn of(ids: AssignmentIds) -> Self {
        Self { ids, role: None, starts_at: None, ends_at: None, reason: None }
    }

    fn decide_on(
        &self,
        found: Found,
        by: UserId,
        now: Timestamp,
    ) -> Result<Decided<Assigned>, StoreError> {
        let AssignmentIds { doctor_id, patient_id } = self.ids;
        let is_handing_over = found.is_handing_over;
        let Existing { doctor_name, patient_name, care: before } = found.existing(self.ids)?;
        let answer = |episode: Episode, is_new| Assigned {
            assignment: episode.named(patient_id, doctor_name, patient_name),
            is_new,
        };
        let mut after = before.clone();
        let past = after.take_lapsed(now);
        let existing = after.episode(doctor_id).filter(|episode| self.is_met_by(episode));
        if let Some(existing) = existing {
            return Ok(Decided { change: None, answer: answer(existing.clone(), false) });
        }
        let episode = Episode {
            id: before.next_id(doctor_id)?,
            doctor_id,
            role: self.role.unwrap_or_default(),
            period: self.period(now).map_err(StoreError::Invalid)?,
            reason: self.reason.clone(),
            assigned_at: now,
            assigned_by: by,
            version: 1,
        };
        if is_handing_over {
            return Err(Conflict::HandingOver.into());
        }
        after.add(episode.clone())?;
        let change = CareChange { before, after, past, new_doctor: Some(doctor_id) };
        Ok(Decided { change: Some(change), answer: answer(episode, true) })
    }

    /// Whether the doctor has the patient as the request asks for. It accepts everything that it does not name.
    fn is_met_by(&self, episode: &Episode) -> bool {
        let Period { starts_at, ends_at } = episode.period;
        self.role.is_none_or(|role| role == episode.role)
            && self.starts_at.is_none_or(|start| start == starts_at)
            && self.ends_at.is_none_or(|end| Some(end) == ends_at)
    }

    /// Returns the period of the assignment, or what is wrong with it.
    fn period(&self, now: Timestamp) -> Result<Period, FieldErrors> {
        let period = Period { starts_at: self.starts_at.unwrap_or(now), ends_at: self.ends_at };
        let mut errors = FieldErrors::default();
        if period.starts_at < now {
            errors.add("starts_at", IN_THE_PAST);
        }
        check_end(&period, now, &mut errors);
        errors.or(period)
    }
}

/// Checks that a period, if it has an end, ends later than now and later than it starts.
pub(super) fn check_end(period: &Period, now: Timestamp, errors: &mut FieldErrors) {
    match period.ends_at {
        Some(end) if end <= now => errors.add("ends_at", "must be in the future"),
        Some(end) if end <= period.starts_at => errors.add("ends_at", "must be after starts_at"),
        _ => {}
    }
}

impl CareRequest for NewAssignment {
    type Answer = Assigned;

    fn keys(&self) -> Vec<Key> {
        self.ids.keys(Self::IS_NEW)
    }

    fn decide(
        &self,
        items: &mut Items,
        by: UserId,
        now: Timestamp,
    ) -> Result<Decided<Assigned>, StoreError> {
        self.decide_on(Found::take(self.ids, items)?, by, now)
    }
}

impl NamesAssignment for NewAssignment {
    const IS_NEW: bool = true;

    fn ids(&self) -> AssignmentIds {
        self.ids
    }
}

impl From<AssignmentIds> for Subjects {
    fn from(ids: AssignmentIds) -> Self {
        let AssignmentIds { doctor_id, patient_id } = ids;
        let (patients, doctors) = ([patient_id].into(), [doctor_id].into());
        Self { patients, doctors, ..Self::default() }
    }
}

impl AssignmentIds {
    fn keys(self, is_new: bool) -> Vec<Key> {
        let keys = [
            Key::record::<DoctorDetails>(self.doctor_id),
            Key::record::<PatientDetails>(self.patient_id),
            Key::care(self.patient_id),
        ];
        let mark = is_new.then(|| Key::handing_over(self.doctor_id));
        keys.into_iter().chain(mark).collect()
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

    /// The doctor does not have the patient.
    pub(super) fn not_assigned(self) -> StoreError {
        let Self { doctor_id, patient_id } = self;
        StoreError::not_found(format!("assignment of doctor {doctor_id} to patient {patient_id}"))
    }
}

impl Found {
    fn take(ids: AssignmentIds, items: &mut Items) -> Result<Self, StoreError> {
        let AssignmentIds { doctor_id, patient_id } = ids;
        let doctor = items.take(&Key::record::<DoctorDetails>(doctor_id));
        let is_handing_over = items.take(&Key::handing_over(doctor_id)).is_some();
        let patient = items.take(&Key::record::<PatientDetails>(patient_id));
        let doctor_name = doctor.as_ref().and_then(name_in);
        let patient_name = patient.as_ref().and_then(name_in);
        let care = match (Care::take(patient_id, items)?, patient) {
            (None, Some(patient)) => match record_in::<PatientDetails>(patient)? {
                Some(patient) => Some(Care::of(&patient, None)?),
                None => None,
            },
            (care, _) => care,
        };
        Ok(Self { doctor_name, is_handing_over, patient_name, care })
    }

    /// Returns both sides and the care, or names the sides that do not exist.
    pub(super) fn existing(self, ids: AssignmentIds) -> Result<Existing, StoreError> {
        let Self { doctor_name, patient_name, care, .. } = self;
        let care = care.filter(|care| !care.is_deleted());
        match (doctor_name, patient_name.zip(care)) {
            (Some(doctor_name), Some((patient_name, care))) => {
                Ok(Existing { doctor_name, patient_name, care })
            }
            (doctor, patient) => Err(ids.missing(doctor.is_none(), patient.is_none())),
        }
    }
}

impl<R: NamesAssignment> Load for DoctorAndPatient<R> {
    type Name = R;
    type Found = ();

    fn keys(request: &R) -> Vec<Key> {
        request.ids().keys(R::IS_NEW)
    }

    fn patient(request: &R) -> Option<PatientId> {
        Some(request.ids().patient_id)
    }

    fn build(
        request: R,
        _allowed: &Allowed,
        items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        let found = Found::take(request.ids(), items)?;
        Ok(Self { request, found })
    }
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
