//! How a request names an assignment that it makes, changes or ends.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use lambda_http::http::Method;

use super::Target;
use crate::error::ApiError;
use crate::model::assignment::{CareRole, EpisodeId};
use crate::model::field::{FieldErrors, field_from_str, invalid};
use crate::model::id::{DoctorId, PatientId};
use crate::model::reason::ReasonCode;
use crate::model::timestamp::Timestamp;
use crate::request::Request;
use crate::store::{
    AssignmentBatch, AssignmentChange, AssignmentIds, AssignmentToEnd, AssignmentToVoid,
    DoctorAndPatient, EndingAssignment, NewAssignment, PatientTransfer, Transfer,
    VoidingAssignment,
};

/// The most items of a batch.
const MAX_ITEMS: usize = 50;

field_from_str!(EpisodeId);

/// The body of a new assignment, alone or in a batch.
#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct NewBody {
    doctor_id: DoctorId,
    patient_id: PatientId,
    #[deserr(default)]
    role: Option<CareRole>,
    #[deserr(default)]
    starts_at: Option<Timestamp>,
    #[deserr(default)]
    ends_at: Option<Timestamp>,
    #[deserr(default)]
    reason: Option<ReasonCode>,
}

impl From<NewBody> for NewAssignment {
    fn from(body: NewBody) -> Self {
        let NewBody { doctor_id, patient_id, role, starts_at, ends_at, reason } = body;
        Self { ids: AssignmentIds { doctor_id, patient_id }, role, starts_at, ends_at, reason }
    }
}

impl Target for DoctorAndPatient<NewAssignment> {
    /// Both ids are in the body.
    fn name(request: &Request) -> Result<NewAssignment, ApiError> {
        request.json::<NewBody>().map(NewAssignment::from)
    }
}

/// An object in a batch: the errors of one do not invalidate the others, and name its own fields.
struct Item(Result<NewAssignment, FieldErrors>);

impl Deserr<FieldErrors> for Item {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        if !matches!(value, Value::Map(_)) {
            return Err(invalid("must be an object", location));
        }
        let body = NewBody::deserialize_from_value(value, ValuePointerRef::Origin);
        Ok(Self(body.map(NewAssignment::from)))
    }
}

impl Target for AssignmentBatch {
    fn name(request: &Request) -> Result<Vec<Result<NewAssignment, FieldErrors>>, ApiError> {
        #[derive(Deserr)]
        #[deserr(error = FieldErrors, deny_unknown_fields)]
        struct Body {
            assignments: Vec<Item>,
        }
        let Body { assignments } = request.json()?;
        check_number("assignments", assignments.len())?;
        Ok(assignments.into_iter().map(|Item(item)| item).collect())
    }
}

impl Target for PatientTransfer {
    fn name(request: &Request) -> Result<Transfer, ApiError> {
        #[derive(Deserr)]
        #[deserr(error = FieldErrors, deny_unknown_fields)]
        struct Body {
            patient_ids: Vec<PatientId>,
            from_doctor_id: DoctorId,
            to_doctor_id: DoctorId,
            #[deserr(default)]
            reason: Option<ReasonCode>,
        }
        let Body { patient_ids, from_doctor_id, to_doctor_id, reason } = request.json()?;
        check_number("patient_ids", patient_ids.len())?;
        let is_repeated =
            |number: usize, id: &PatientId| patient_ids.iter().take(number).any(|it| it == id);
        if patient_ids.iter().enumerate().any(|(number, id)| is_repeated(number, id)) {
            return Err(invalid_field("patient_ids", "must not have an id twice"));
        }
        if from_doctor_id == to_doctor_id {
            return Err(invalid_field("to_doctor_id", "must differ from from_doctor_id"));
        }
        Ok(Transfer { patient_ids, from_doctor_id, to_doctor_id, reason })
    }
}

fn check_number(field: &str, number: usize) -> Result<(), ApiError> {
    if (1..=MAX_ITEMS).contains(&number) {
        Ok(())
    } else {
        Err(invalid_field(field, &format!("must have from 1 to {MAX_ITEMS} items")))
    }
}

fn invalid_field(field: &str, problem: &str) -> ApiError {
    ApiError::InvalidBody(FieldErrors::one(field, problem))
}

/// A field of a JSON Merge Patch (RFC 7396). It may be absent; whether it may be null depends on its type.
struct Patch<T>(Option<T>);

impl<T> Default for Patch<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Patch<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        T::deserialize_from_value(value, location).map(|value| Self(Some(value)))
    }
}

impl Target for DoctorAndPatient<AssignmentChange> {
    /// Both ids are in the path, and the changed fields in the body.
    fn name(request: &Request) -> Result<AssignmentChange, ApiError> {
        #[derive(Deserr)]
        #[deserr(error = FieldErrors, deny_unknown_fields)]
        struct Body {
            #[deserr(default)]
            role: Patch<CareRole>,
            #[deserr(default)]
            starts_at: Patch<Timestamp>,
            #[deserr(default)]
            ends_at: Patch<Option<Timestamp>>,
            #[deserr(default)]
            reason: Patch<Option<ReasonCode>>,
        }
        let ids = AssignmentIds {
            patient_id: request.path_id("patient_id", "patient")?,
            doctor_id: request.path_id("doctor_id", "doctor")?,
        };
        let Body {
            role: Patch(role),
            starts_at: Patch(starts_at),
            ends_at: Patch(ends_at),
            reason: Patch(reason),
        } = request.json()?;
        Ok(AssignmentChange { ids, role, starts_at, ends_at, reason })
    }
}

impl Target for AssignmentToEnd {
    /// A DELETE has both ids in the path; a POST has the doctor's id in the body.
    fn name(request: &Request) -> Result<EndingAssignment, ApiError> {
        #[derive(Deserr)]
        #[deserr(error = FieldErrors, deny_unknown_fields)]
        struct Body {
            doctor_id: DoctorId,
            #[deserr(default)]
            ends_at: Option<Timestamp>,
            #[deserr(default)]
            reason: Option<ReasonCode>,
        }
        let patient_id = request.path_id("patient_id", "patient")?;
        if request.method() == Method::DELETE {
            let doctor_id = request.path_id("doctor_id", "doctor")?;
            return Ok(EndingAssignment::of(AssignmentIds { doctor_id, patient_id }));
        }
        let Body { doctor_id, ends_at, reason } = request.json()?;
        Ok(EndingAssignment { ids: AssignmentIds { doctor_id, patient_id }, ends_at, reason })
    }
}

impl Target for AssignmentToVoid {
    /// The patient's id is in the path, and the assignment's in the body.
    fn name(request: &Request) -> Result<VoidingAssignment, ApiError> {
        #[derive(Deserr)]
        #[deserr(error = FieldErrors, deny_unknown_fields)]
        struct Body {
            assignment_id: EpisodeId,
            reason: ReasonCode,
        }
        let patient_id = request.path_id("patient_id", "patient")?;
        let Body { assignment_id, reason } = request.json()?;
        Ok(VoidingAssignment { patient_id, assignment_id, reason })
    }
}
