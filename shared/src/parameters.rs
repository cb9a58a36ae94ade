//! The parameters of each action's query. Any other is a 400.

use crate::access::Act;
use crate::model::doctor::DoctorDetails;
use crate::model::patient::PatientDetails;
use crate::model::record::Details;

/// The parameters that choose a page of a list. They are also fields of a search's body.
pub const PAGING: &[&str] = &["limit", "cursor"];

/// Those of a query that must be empty.
pub const NO_PARAMETERS: [&[&str]; 2] = [&[], &[]];

/// Returns the parameters of the query of a GET, in two groups. Other methods have none.
pub const fn parameters(act: Act) -> [&'static [&'static str]; 2] {
    match act {
        Act::ListDoctors => [PAGING, DoctorDetails::SEARCH_FIELDS],
        Act::ListPatients => [PAGING, PatientDetails::SEARCH_FIELDS],
        Act::ListAccounts => [PAGING, &["search"]],
        Act::ListOwnSessions
        | Act::ListInvitations
        | Act::ListAssignments
        | Act::ListDoctorsOfPatient
        | Act::ListPatientsOfDoctor => [PAGING, &[]],
        _ => NO_PARAMETERS,
    }
}
