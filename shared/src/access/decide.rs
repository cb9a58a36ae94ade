//! The access rule. No other code matches on a role.

use super::act::Act;
use super::actor::Actor;
use super::basis::Basis;
use super::relation::Relation;
use super::view::{Fields, View};
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::proxy::ProxyScope;
use crate::model::user::Role;

/// The part of a list that the caller may see. Lists query by it: they never read records that they then leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    All,
    /// Patients who are not restricted, and their assignments.
    Unrestricted,
    /// The patients of these doctors, and their assignments. The first is the account's own doctor, who gives the basis
    /// `assignment`; the account's doctor covers the others.
    Panels(Vec<DoctorId>),
    /// The patient who the account's owner is, and those for whom the account acts.
    Represented {
        user: UserId,
        own: Option<PatientId>,
    },
    /// The doctors of this patient, and their assignments; none without a patient.
    CareTeam(Option<PatientId>),
}

/// A positive decision. Only this file makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    act: Act,
    basis: Basis,
    view: View,
    fields: Fields,
    reach: Reach,
}

/// A negative decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The role does not permit it.
    Role,
    /// The role permits it for related patients or doctors, and this one is not related or does not exist.
    NotAssigned,
    /// The patient is restricted.
    Restricted,
}

/// The form of [`decide()`], for tests that decide otherwise.
pub type Decide = fn(Act, &Actor, &Relation) -> Result<Allowed, Denied>;

/// Attributes of doctors that only the clinic sees.
const INTERNAL: &[&str] = &["license_number", "email"];

/// The fields that patients and their proxies may change.
const CONTACT: &[&str] = &[
    "contact_number",
    "contact_number_display",
    "address",
    "emergency_number",
    "emergency_number_display",
];

/// Attributes that a proxy for contacts does not see.
const BEYOND_CONTACT: &[&str] =
    &["medical_history", "identifiers", "former_names", "gender", "deceased_at"];

/// Whether only related accounts have access.
const RESTRICTED: &[&str] = &["restricted"];

/// All other attributes of a restricted patient.
const BEYOND_RESTRICTED: &[&str] = &[
    "first_name",
    "last_name",
    "former_names",
    "date_of_birth",
    "date_of_birth_estimated",
    "deceased_at",
    "gender",
    "contact_number",
    "contact_number_display",
    "address",
    "emergency_number",
    "emergency_number_display",
    "identifiers",
    "medical_history",
];

/// Attributes of accesses that only administrators see. Whoever does not see outcomes does not see refusals either.
const TRACES: &[&str] = &[
    "outcome",
    "patients",
    "doctors",
    "accounts",
    "other_bases",
    "object",
    "address",
    "session_id",
    "request_id",
    "chain",
    "seq",
];

/// Decides whether an account may do something. Pure: the same arguments always get the same decision.
pub fn decide(act: Act, actor: &Actor, relation: &Relation) -> Result<Allowed, Denied> {
    let allowed = |basis| Ok(Allowed::all(act, basis));
    match act {
        Act::ReadOwnAccount
        | Act::EndOwnSession
        | Act::ChangeOwnPassword
        | Act::ListOwnSessions
        | Act::RevokeOwnSession => allowed(Basis::Own),

        Act::ReadOwnPatient | Act::ReadOwnDoctor => match actor.role {
            Role::Admin | Role::Staff | Role::Doctor | Role::Patient => allowed(Basis::Own),
            Role::Pending => Err(Denied::Role),
        },

        Act::CreateDoctor
        | Act::UpdateDoctor
        | Act::DeleteDoctor
        | Act::DeletePatient
        | Act::FindDuplicates
        | Act::Assign
        | Act::AssignMany
        | Act::EndAssignment
        | Act::VoidAssignment
        | Act::TransferPatients
        | Act::SetCover
        | Act::EndCover
        | Act::HandOver
        | Act::ReadHandover
        | Act::CancelHandover
        | Act::RemoveProxy => match actor.role {
            Role::Admin | Role::Staff => allowed(Basis::Role),
            Role::Doctor | Role::Patient | Role::Pending => Err(Denied::Role),
        },

        // Otherwise staff would see what the restriction hides, or make a proxy who sees it.
        Act::AddProxy | Act::UpdateAssignment => match actor.role {
            Role::Admin => allowed(Basis::Role),
            Role::Staff if !relation.restricted => allowed(Basis::Role),
            Role::Staff => Err(Denied::Restricted),
            Role::Doctor | Role::Patient | Role::Pending => Err(Denied::Role),
        },

        Act::CreatePatient => match actor.role {
            Role::Admin => allowed(Basis::Role),
            Role::Staff => Ok(Allowed::all(act, Basis::Role).changing(Fields::Except(RESTRICTED))),
            Role::Doctor | Role::Patient | Role::Pending => Err(Denied::Role),
        },

        Act::ReadPatient => {
            Ok(Allowed::all(act, reading_ground(actor, relation)?).of_patient(relation))
        }

        Act::UpdatePatient => update_patient(act, actor, relation),

        Act::ListPatients => match actor.role {
            Role::Admin | Role::Staff => {
                Ok(Allowed::all(act, Basis::Role).within(Reach::Unrestricted))
            }
            Role::Doctor => {
                let panels = actor.doctor_id.into_iter().chain(relation.covered.iter().copied());
                let reach = Reach::Panels(panels.collect());
                Ok(Allowed::all(act, Basis::Assignment).within(reach))
            }
            Role::Patient => {
                let reach = Reach::Represented { user: actor.id, own: actor.patient_id };
                Ok(Allowed::all(act, Basis::Own).within(reach))
            }
            Role::Pending => Err(Denied::Role),
        },

        Act::ReadDoctor => match actor.role {
            Role::Admin | Role::Staff | Role::Doctor => allowed(Basis::Role),
            Role::Patient if relation.assigned => {
                Ok(Allowed::all(act, Basis::Assignment).without(INTERNAL))
            }
            Role::Patient => Err(Denied::NotAssigned),
            Role::Pending => Err(Denied::Role),
        },

        Act::ListDoctors => match actor.role {
            Role::Admin | Role::Staff | Role::Doctor => allowed(Basis::Role),
            Role::Patient => {
                let allowed = Allowed::all(act, Basis::Assignment).without(INTERNAL);
                Ok(allowed.within(Reach::CareTeam(actor.patient_id)))
            }
            Role::Pending => Err(Denied::Role),
        },

        Act::ListDoctorsOfPatient => {
            let allowed = Allowed::all(act, reading_ground(actor, relation)?);
            Ok(match allowed.basis {
                Basis::Own | Basis::Proxy => allowed.without(INTERNAL),
                Basis::Role | Basis::Assignment | Basis::Covering | Basis::Emergency => allowed,
            })
        }

        Act::ListPatientsOfDoctor => match actor.role {
            Role::Admin | Role::Staff => {
                Ok(Allowed::all(act, Basis::Role).within(Reach::Unrestricted))
            }
            Role::Doctor if relation.own => allowed(Basis::Assignment),
            Role::Doctor if relation.covering => allowed(Basis::Covering),
            Role::Doctor | Role::Patient => Err(Denied::NotAssigned),
            Role::Pending => Err(Denied::Role),
        },

        Act::ListAssignments => match actor.role {
            Role::Admin => allowed(Basis::Role),
            Role::Staff => Ok(Allowed::all(act, Basis::Role).within(Reach::Unrestricted)),
            Role::Doctor => {
                let reach = Reach::Panels(actor.doctor_id.into_iter().collect());
                Ok(Allowed::all(act, Basis::Assignment).within(reach))
            }
            Role::Patient => {
                let reach = Reach::CareTeam(actor.patient_id);
                Ok(Allowed::all(act, Basis::Own).within(reach))
            }
            Role::Pending => Err(Denied::Role),
        },

        Act::ListProxies => match actor.role {
            Role::Admin | Role::Staff => allowed(Basis::Role),
            Role::Doctor | Role::Patient if relation.own => allowed(Basis::Own),
            Role::Doctor | Role::Patient => Err(Denied::NotAssigned),
            Role::Pending => Err(Denied::Role),
        },

        Act::ListAccesses => match actor.role {
            Role::Admin => allowed(Basis::Role),
            Role::Staff | Role::Doctor | Role::Patient if relation.own => {
                Ok(Allowed::all(act, Basis::Own).without(TRACES))
            }
            Role::Doctor | Role::Patient => Err(Denied::NotAssigned),
            Role::Staff | Role::Pending => Err(Denied::Role),
        },

        Act::ListAccounts
        | Act::UpdateAccount
        | Act::ListDisclosures
        | Act::AddDisclosure
        | Act::CreateInvitation
        | Act::ListInvitations
        | Act::RevokeInvitation
        | Act::ReadTrail
        | Act::ListEmergencyAccess
        | Act::ReviewEmergencyAccess => match actor.role {
            Role::Admin => allowed(Basis::Role),
            Role::Staff | Role::Doctor | Role::Patient | Role::Pending => Err(Denied::Role),
        },

        Act::LookUpPatients => match actor.role {
            Role::Admin | Role::Staff | Role::Doctor => allowed(Basis::Role),
            Role::Patient | Role::Pending => Err(Denied::Role),
        },

        // On any other basis, the caller sees the patient already, and the store refuses.
        Act::GrantEmergencyAccess => match actor.role {
            Role::Doctor if actor.doctor_id.is_none() => Err(Denied::Role),
            Role::Admin | Role::Staff | Role::Doctor => {
                allowed(ground(actor, relation).unwrap_or(Basis::Emergency))
            }
            Role::Patient | Role::Pending => Err(Denied::Role),
        },
    }
}

/// Whether emergency access to a patient is a ground for it.
pub(crate) fn permits_in_emergency(act: Act, actor: &Actor) -> bool {
    let relation = Relation { restricted: true, emergency: true, ..Relation::default() };
    decide(act, actor, &relation).is_ok_and(|allowed| allowed.basis == Basis::Emergency)
}

/// Returns the ground on which an account reads a patient's data: emergency access if there is no other.
fn reading_ground(actor: &Actor, relation: &Relation) -> Result<Basis, Denied> {
    match (ground(actor, relation), actor.role) {
        (Err(_), Role::Admin | Role::Staff | Role::Doctor) if relation.emergency => {
            Ok(Basis::Emergency)
        }
        (ground, _) => ground,
    }
}

/// Returns the ground on which an account sees a patient, and changes what the ground permits.
fn ground(actor: &Actor, relation: &Relation) -> Result<Basis, Denied> {
    let denied = match actor.role {
        Role::Admin | Role::Staff if !relation.restricted => return Ok(Basis::Role),
        Role::Admin | Role::Staff => Denied::Restricted,
        Role::Doctor if relation.assigned => return Ok(Basis::Assignment),
        Role::Doctor if relation.covering => return Ok(Basis::Covering),
        Role::Doctor | Role::Patient => Denied::NotAssigned,
        Role::Pending => return Err(Denied::Role),
    };
    if relation.own {
        Ok(Basis::Own)
    } else if relation.proxy.is_some() {
        Ok(Basis::Proxy)
    } else {
        Err(denied)
    }
}

fn update_patient(act: Act, actor: &Actor, relation: &Relation) -> Result<Allowed, Denied> {
    let basis = match ground(actor, relation) {
        // Otherwise nobody could end the restriction.
        Err(Denied::Restricted) if actor.role == Role::Admin => {
            let allowed = Allowed::all(act, Basis::Role).without(BEYOND_RESTRICTED);
            return Ok(allowed.changing(Fields::Only(RESTRICTED)));
        }
        ground => ground?,
    };
    let fields = match basis {
        Basis::Role if actor.role == Role::Admin => Fields::All,
        Basis::Role | Basis::Assignment | Basis::Covering => Fields::Except(RESTRICTED),
        Basis::Own | Basis::Proxy => Fields::Only(CONTACT),
        Basis::Emergency => Fields::Only(&[]),
    };
    Ok(Allowed::all(act, basis).of_patient(relation).changing(fields))
}

impl Allowed {
    fn all(act: Act, basis: Basis) -> Self {
        Self { act, basis, view: View(&[]), fields: Fields::All, reach: Reach::All }
    }

    fn without(self, hidden: &'static [&'static str]) -> Self {
        Self { view: View(hidden), ..self }
    }

    fn changing(self, fields: Fields) -> Self {
        Self { fields, ..self }
    }

    fn within(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// Leaves out what a proxy for contacts does not see.
    fn of_patient(self, relation: &Relation) -> Self {
        match (self.basis, relation.proxy) {
            (Basis::Proxy, Some(ProxyScope::Contact)) => self.without(BEYOND_CONTACT),
            _ => self,
        }
    }

    /// A decision of a test's own.
    #[cfg(test)]
    pub(crate) fn for_test(
        act: Act,
        basis: Basis,
        hidden: &'static [&'static str],
        fields: Fields,
    ) -> Self {
        Self { act, basis, view: View(hidden), fields, reach: Reach::All }
    }

    /// The act that is allowed.
    pub(crate) fn act(&self) -> Act {
        self.act
    }

    pub fn basis(&self) -> Basis {
        self.basis
    }

    pub fn view(&self) -> View {
        self.view
    }

    pub fn fields(&self) -> Fields {
        self.fields
    }

    pub fn reach(&self) -> &Reach {
        &self.reach
    }
}

#[cfg(test)]
mod tests;
