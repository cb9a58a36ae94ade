//! The parameters of each action's query. Any other is a 400.

use crate::access::Act;
use crate::model::doctor::DoctorDetails;
use crate::model::patient::PatientDetails;
use crate::model::record::Details;

/// The parameters that choose a page of a list. They are also fields of a search's body.
pub const PAGING: &[&str] = &["limit", "cursor"];

/// The parameters that choose which assignments of a doctor or a patient a list shows.
pub const EPISODES: &[&str] = &["as_of", "history", "role"];

/// The parameters that choose which rows of the audit trail a list shows.
pub const TRAIL: &[&str] = &["actor", "patient", "day", "operation", "outcome", "basis"];

/// The parameter that chooses which reviews of emergency access a list shows.
pub const STATUS: &str = "status";

/// The parameter that permits the deletion of a doctor who has patients.
pub const FORCE: &str = "force";

/// Those of a query that must be empty.
pub const NO_PARAMETERS: [&[&str]; 2] = [&[], &[]];

/// Returns the parameters of the query of an action, in two groups. A list that is read by POST has them in its body.
pub const fn parameters(act: Act) -> [&'static [&'static str]; 2] {
    match act {
        Act::ListDoctors => [PAGING, DoctorDetails::SEARCH_FIELDS],
        Act::ListPatients => [PAGING, PatientDetails::SEARCH_FIELDS],
        Act::ListAccounts => [PAGING, &["search"]],
        Act::ListOwnSessions
        | Act::ListInvitations
        | Act::ListAssignments
        | Act::ListAccesses
        | Act::ListDisclosures => [PAGING, &[]],
        Act::ListDoctorsOfPatient | Act::ListPatientsOfDoctor => [PAGING, EPISODES],
        Act::ReadTrail => [PAGING, TRAIL],
        Act::ListEmergencyAccess => [PAGING, &[STATUS]],
        Act::DeleteDoctor => [&[FORCE], &[]],
        _ => NO_PARAMETERS,
    }
}
