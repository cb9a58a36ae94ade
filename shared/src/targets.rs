//! How a request names the target of its action.

mod assignments;
mod disclosures;
mod emergency;
mod trail;

use std::fmt::Display;

use crate::access::Act;
use crate::error::ApiError;
use crate::model::doctor::DoctorDetails;
use crate::model::handover::HandoverId;
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::invitation::InvitationId;
use crate::model::page::Paging;
use crate::model::patient::PatientDetails;
use crate::model::record::Details;
use crate::model::search::{Criteria, IdentifierQuery};
use crate::request::Request;
use crate::store::{
    AccountPage, AssignmentPage, AssignmentPosition, AssignmentsOf, AssignmentsQuery,
    CoverOfDoctor, CoverRequest, CoverToSet, HandoverRequest, HandoverToStart, InvitationPage,
    Load, NameQuery, Nothing, Position, ProxiesOfPatient, ProxyIds, ProxyRequest, ProxyToAdd,
    RecordActs, RecordPage, RecordQuery, Side, Stored, StoredAccount, StoredHandover,
    is_list_position, is_position,
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

impl Target for CoverToSet {
    fn name(request: &Request) -> Result<CoverRequest, ApiError> {
        Ok(CoverRequest { doctor_id: request.path_id("id", "doctor")?, cover: request.json()? })
    }
}

impl Target for CoverOfDoctor {
    fn name(request: &Request) -> Result<DoctorId, ApiError> {
        request.path_id("id", "doctor")
    }
}

impl Target for HandoverToStart {
    fn name(request: &Request) -> Result<HandoverRequest, ApiError> {
        let doctor_id = request.path_id("id", "doctor")?;
        Ok(HandoverRequest { doctor_id, handover: request.json()? })
    }
}

impl Target for StoredHandover {
    fn name(request: &Request) -> Result<HandoverId, ApiError> {
        request.path_id("id", "hand-over")
    }
}

impl Target for ProxiesOfPatient {
    fn name(request: &Request) -> Result<PatientId, ApiError> {
        request.path_id("id", "patient")
    }
}

impl Target for ProxyToAdd {
    fn name(request: &Request) -> Result<ProxyRequest, ApiError> {
        Ok(ProxyRequest { patient_id: request.path_id("id", "patient")?, proxy: request.json()? })
    }
}

impl Target for ProxyIds {
    fn name(request: &Request) -> Result<Self, ApiError> {
        Ok(Self {
            patient_id: request.path_id("id", "patient")?,
            user_id: request.path_id("user_id", "user")?,
        })
    }
}

impl Target for AssignmentPage {
    fn name(request: &Request) -> Result<Paging<AssignmentPosition>, ApiError> {
        request.paging(Act::ListAssignments.function())
    }
}

impl Target for AssignmentsOf<PatientDetails> {
    fn name(request: &Request) -> Result<Self::Name, ApiError> {
        let owner: PatientId = request.path_id("patient_id", "patient")?;
        assignments_of(request, owner, Act::ListDoctorsOfPatient)
    }
}

impl Target for AssignmentsOf<DoctorDetails> {
    fn name(request: &Request) -> Result<Self::Name, ApiError> {
        let owner: DoctorId = request.path_id("id", "doctor")?;
        assignments_of(request, owner, Act::ListPatientsOfDoctor)
    }
}

/// Each choice of episodes is a list of its own, with its own cursors.
fn assignments_of<Owner: Side>(
    request: &Request,
    owner: Owner::Id,
    act: Act,
) -> Result<AssignmentsQuery<Owner>, ApiError> {
    let shown = request.shown_episodes()?;
    let label = list_label(act, format_args!("{}{shown}", owner.get()));
    let paging = request.paging_where(&label, |it| shown.is_position::<Owner>(it))?;
    Ok(AssignmentsQuery { owner, shown, paging, label })
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
