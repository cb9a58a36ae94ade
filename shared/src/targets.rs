//! How a request names the target of its action.

use std::fmt::Display;

use deserr::Deserr;
use lambda_http::http::Method;

use crate::access::Act;
use crate::error::ApiError;
use crate::model::doctor::DoctorDetails;
use crate::model::field::FieldErrors;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::invitation::InvitationId;
use crate::model::page::Paging;
use crate::model::patient::PatientDetails;
use crate::model::record::Details;
use crate::model::search::{Criteria, IdentifierQuery};
use crate::request::Request;
use crate::store::{
    AccountPage, AssignmentIds, AssignmentPage, AssignmentsOf, AssignmentsQuery, DoctorAndPatient,
    InvitationPage, Load, NameQuery, Nothing, Position, RecordActs, RecordPage, RecordQuery,
    Stored, StoredAccount, is_list_position, is_position,
};

/// A target that a request can name.
pub trait Target: Load {
    /// Returns the name in a request, or the problem to answer with once the caller is allowed.
    fn name(request: &Request) -> Result<Self::Name, ApiError>;
}

impl Target for Nothing {
    fn name(_request: &Request) -> Result<(), ApiError> {
        Ok(())
    }
}

impl<D: Details> Target for Stored<D> {
    /// The record's id is `{id}` in the path.
    fn name(request: &Request) -> Result<D::Id, ApiError> {
        request.path_id("id", D::KIND)
    }
}

impl<D: RecordActs> Target for RecordPage<D> {
    /// The criteria are in the query of a GET, or in the body of a POST. Both have the same cursors.
    fn name(request: &Request) -> Result<RecordQuery, ApiError> {
        let criteria: Criteria = request.criteria::<D>()?;
        let label = list_label(D::LIST, described(&criteria));
        let is_possible = |position: &Position| is_position::<D>(&criteria, position);
        let paging = request.paging_where(&label, is_possible)?;
        Ok(RecordQuery { criteria, paging, label })
    }
}

impl Target for StoredAccount {
    fn name(request: &Request) -> Result<UserId, ApiError> {
        request.path_id("id", "user")
    }
}

impl Target for AccountPage {
    fn name(request: &Request) -> Result<NameQuery, ApiError> {
        let prefix = request.search()?;
        let is_possible = |position: &String| is_list_position::<UserId>(&prefix, position);
        let label = list_label(Act::ListAccounts, &prefix);
        let paging = request.paging_where(&label, is_possible)?;
        Ok(NameQuery { prefix, paging })
    }
}

impl Target for InvitationPage {
    fn name(request: &Request) -> Result<Paging<InvitationId>, ApiError> {
        request.paging(Act::ListInvitations.function())
    }
}

impl Target for DoctorAndPatient {
    /// Both ids are in the body.
    fn name(request: &Request) -> Result<AssignmentIds, ApiError> {
        #[derive(Deserr)]
        #[deserr(error = FieldErrors, deny_unknown_fields)]
        struct Body {
            doctor_id: DoctorId,
            patient_id: PatientId,
        }
        let Body { doctor_id, patient_id } = request.json()?;
        Ok(AssignmentIds { doctor_id, patient_id })
    }
}

impl Target for AssignmentIds {
    /// A DELETE has both ids in the path; a POST has the doctor's id in the body.
    fn name(request: &Request) -> Result<Self, ApiError> {
        #[derive(Deserr)]
        #[deserr(error = FieldErrors, deny_unknown_fields)]
        struct Body {
            doctor_id: DoctorId,
        }
        let patient_id = request.path_id("patient_id", "patient")?;
        let doctor_id = if request.method() == Method::DELETE {
            request.path_id("doctor_id", "doctor")?
        } else {
            request.json::<Body>()?.doctor_id
        };
        Ok(Self { doctor_id, patient_id })
    }
}

impl Target for AssignmentPage {
    fn name(request: &Request) -> Result<Paging<(DoctorId, PatientId)>, ApiError> {
        request.paging(Act::ListAssignments.function())
    }
}

impl Target for AssignmentsOf<PatientDetails, DoctorDetails> {
    fn name(request: &Request) -> Result<Self::Name, ApiError> {
        let owner: PatientId = request.path_id("patient_id", "patient")?;
        let paging = request.paging(&list_label(Act::ListDoctorsOfPatient, owner))?;
        Ok(AssignmentsQuery { owner, paging })
    }
}

impl Target for AssignmentsOf<DoctorDetails, PatientDetails> {
    fn name(request: &Request) -> Result<Self::Name, ApiError> {
        let owner: DoctorId = request.path_id("id", "doctor")?;
        let paging = request.paging(&list_label(Act::ListPatientsOfDoctor, owner))?;
        Ok(AssignmentsQuery { owner, paging })
    }
}

/// Returns the label of a part of a list; cursors are valid for their label only.
pub fn list_label(act: Act, scope: impl Display) -> String {
    format!("{} {scope}", act.function())
}

/// Writes criteria so that different ones are written differently.
fn described(criteria: &Criteria) -> String {
    let Criteria { name, birth_date, phone, identifier, specialization } = criteria;
    let birth_date = birth_date.map(|date| date.to_string());
    let identifier = identifier.as_ref();
    let identifier = identifier.map(|IdentifierQuery { system, value }| (system, value));
    format!("{:?}", (name, birth_date, phone, identifier, specialization))
}
