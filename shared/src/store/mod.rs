//! The items of the two tables: their keys, what they hold, and the transactions that change them.
//!
//! A method that reads or changes a doctor, a patient or an assignment, or that administers accounts, takes the grant of
//! its own action ([`crate::access::Granted`]), so code that skips the decision does not compile. The methods of signing
//! in (by name, by session, by mailed token) come before any decision and take none, and neither do those of the work
//! that no request asks for.
//!
//! Invariants: no function scans a base table; a write that must be atomic is one transaction; a read that decides something
//! is consistent and reads the base table.

mod accesses;
mod accounts;
mod admins;
mod assignment_batches;
mod assignment_changes;
mod assignment_lists;
mod assignments;
mod assignments_of;
#[cfg(feature = "testing")]
mod bulk;
mod care;
mod care_changes;
mod counter;
mod covers;
mod credentials;
mod cursor_keys;
mod disclosures;
mod duplicates;
mod emergency;
mod emergency_reviews;
mod error;
mod expiring;
mod handover_worker;
mod handovers;
mod idempotency;
#[cfg(feature = "operator")]
mod indexes;
mod invitations;
mod keys;
mod lapse;
mod links;
mod load;
mod lookup;
mod moves;
mod name_index;
#[cfg(feature = "operator")]
mod operator;
mod panel;
mod proxies;
mod records;
mod registration;
#[cfg(feature = "operator")]
mod reindex;
mod related;
mod relations;
#[cfg(feature = "operator")]
mod rename;
mod resets;
#[cfg(feature = "operator")]
mod schema;
mod search;
mod search_index;
mod sessions;
mod signing_keys;
mod stored;
#[cfg(feature = "operator")]
mod subject;
mod sweep;
mod tables;
mod throttle_log;
mod throttles;
#[cfg(feature = "operator")]
mod trail_mend;
mod trail_pages;
mod trail_reads;
#[cfg(feature = "operator")]
mod trail_scan;
mod trail_views;
mod verifications;

#[cfg(feature = "operator")]
pub use crate::dynamo::{DynamoError, TableIndex, client};
pub use accesses::{Access, AccessPage, AccessesQuery, ListAccesses};
pub use accounts::{
    AccountPage, Accounts, ListAccounts, ReadOwnAccount, StoredAccount, UpdateAccount,
};
pub use assignment_batches::{
    AssignMany, AssignmentBatch, ItemOutcome, PatientTransfer, Transfer, TransferPatients,
};
pub use assignment_changes::{
    AssignmentChange, AssignmentToEnd, AssignmentToVoid, EndAssignment, EndingAssignment,
    UpdateAssignment, VoidAssignment, VoidingAssignment,
};
pub use assignment_lists::{AssignmentPage, AssignmentPosition, ListAssignments};
pub use assignments::{
    Assign, Assigned, AssignmentIds, Assignments, DoctorAndPatient, NamesAssignment, NewAssignment,
};
pub use assignments_of::{
    AssignmentsOf, AssignmentsQuery, ListDoctorsOfPatient, ListPatientsOfDoctor, RecordsOf,
    ShownEpisodes, Side, When,
};
#[cfg(feature = "testing")]
pub use bulk::rows_of_record;
pub use covers::{CoverOfDoctor, CoverRequest, CoverToSet, Covers, EndCover, SetCover};
pub use credentials::{ChangeOwnPassword, Credentials, StoredCredential};
pub use cursor_keys::{CursorKey, CursorKeyItem, CursorKeys};
pub use disclosures::{
    AddDisclosure, AddedDisclosure, DisclosurePage, DisclosurePosition, DisclosureRequest,
    DisclosureToAdd, Disclosures, DisclosuresQuery, ListDisclosures,
};
pub use duplicates::FindDuplicates;
pub use emergency::{
    Emergencies, EmergencyRequest, EmergencyToGrant, GrantEmergencyAccess, OpenedEmergency,
};
pub use emergency_reviews::{
    ListEmergencyAccess, ReviewEmergencyAccess, ReviewPage, ReviewRequest, ReviewToClose,
    ReviewsQuery,
};
pub use error::StoreError;
pub use handovers::{
    CancelHandover, HandOver, HandoverRequest, HandoverToStart, Handovers, ReadHandover,
    StoredHandover,
};
#[cfg(feature = "operator")]
pub use indexes::IndexState;
pub use invitations::{
    CreateInvitation, InvitationPage, Invitations, ListInvitations, RevokeInvitation,
};
pub use links::{ReadOwnDoctor, ReadOwnPatient};
pub use load::{Load, Nothing};
pub use lookup::LookUpPatients;
pub use name_index::{NameQuery, is_list_position};
#[cfg(feature = "operator")]
pub use operator::{Imported, ImportedUser, MadeAdmin, Operator};
pub use proxies::{
    AddProxy, AddedProxy, ListProxies, Proxies, ProxiesOfPatient, ProxyIds, ProxyRequest,
    ProxyToAdd, RemoveProxy,
};
pub use records::{Create, Delete, Read, RecordActs, Records, Update};
pub use registration::NewUser;
#[cfg(feature = "operator")]
pub use reindex::{Collision, Reindex, Step};
pub use relations::CareRelations;
#[cfg(feature = "operator")]
pub use rename::{DoctorRename, UserRename};
pub use resets::{Reset, Resets};
#[cfg(feature = "operator")]
pub use schema::SchemaState;
pub use search::{List, Position, RecordPage, RecordQuery, is_position};
pub use sessions::{EndOwnSession, Exchanged, ListOwnSessions, RevokeOwnSession, Sessions};
pub use signing_keys::{PublicKey, PublishedKeys, SigningKeys};
pub use stored::{LISTED_PATIENT_ATTRIBUTES, Stored};
pub use tables::Store;
pub use throttles::{Reserved, RowRule, ThrottleKey, Throttles, WindowRule};
#[cfg(feature = "operator")]
pub use trail_mend::{ViewFault, ViewProblem, ViewScope};
pub use trail_reads::{ReadTrail, TrailEntry, TrailFilter, TrailQuery, TrailReader};
#[cfg(feature = "operator")]
pub use trail_scan::{TrailItem, TrailScan};
pub use verifications::{Verification, Verifications};
