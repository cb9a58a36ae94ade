//! The rule against a table that was written from the requirement, for every act, role and relation.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::model::doctor::DoctorDetails;
use crate::model::id::Id;
use crate::model::patient::PatientDetails;
use crate::testing::Sample;

/// For a patient who is not restricted, and for one who is: a letter for each of [`relations`]. Permitted because of
/// the `r`ole, the `o`wn record, an `a`ssignment, a `c`over, a `p`roxy or an `e`mergency; or refused: `-` is
/// `permission_denied`, `n` is `not_assigned` and `x` is `restricted`.
type Outcomes = [&'static str; 2];

const ROLE: Outcomes = ["rrrrrrr"; 2];
const OWN: Outcomes = ["ooooooo"; 2];
const PANEL: Outcomes = ["aaaaaaa"; 2];
const NEVER: Outcomes = ["-------"; 2];

/// Each with the outcomes of `admin`, `staff`, `doctor`, `patient` and `pending`.
const RULES: &[(&[Act], [Outcomes; 5])] = &[
    (
        &[
            Act::ReadOwnAccount,
            Act::EndOwnSession,
            Act::ChangeOwnPassword,
            Act::ListOwnSessions,
            Act::RevokeOwnSession,
        ],
        [OWN, OWN, OWN, OWN, OWN],
    ),
    (&[Act::ReadOwnPatient, Act::ReadOwnDoctor], [OWN, OWN, OWN, OWN, NEVER]),
    (
        &[
            Act::CreateDoctor,
            Act::UpdateDoctor,
            Act::DeleteDoctor,
            Act::CreatePatient,
            Act::DeletePatient,
            Act::FindDuplicates,
            Act::Assign,
            Act::EndAssignment,
            Act::VoidAssignment,
            Act::AssignMany,
            Act::TransferPatients,
            Act::RemoveProxy,
            Act::SetCover,
            Act::EndCover,
            Act::HandOver,
            Act::ReadHandover,
            Act::CancelHandover,
        ],
        [ROLE, ROLE, NEVER, NEVER, NEVER],
    ),
    (&[Act::AddProxy, Act::UpdateAssignment], [ROLE, ["rrrrrrr", "xxxxxxx"], NEVER, NEVER, NEVER]),
    (
        &[
            Act::ListAccounts,
            Act::UpdateAccount,
            Act::ListDisclosures,
            Act::AddDisclosure,
            Act::CreateInvitation,
            Act::ListInvitations,
            Act::RevokeInvitation,
            Act::ReadTrail,
            Act::ListEmergencyAccess,
            Act::ReviewEmergencyAccess,
        ],
        [ROLE, NEVER, NEVER, NEVER, NEVER],
    ),
    (
        &[Act::ReadPatient, Act::ListDoctorsOfPatient],
        [["rrrrrrr", "xoppxxe"], ["rrrrrrr", "xoppxxe"], ["noppace"; 2], ["noppnnn"; 2], NEVER],
    ),
    (
        &[Act::UpdatePatient],
        [["rrrrrrr", "ropprrr"], ["rrrrrrr", "xoppxxx"], ["noppacn"; 2], ["noppnnn"; 2], NEVER],
    ),
    (&[Act::LookUpPatients], [ROLE, ROLE, ROLE, NEVER, NEVER]),
    (
        &[Act::GrantEmergencyAccess],
        [["rrrrrrr", "eoppeee"], ["rrrrrrr", "eoppeee"], ["eoppace"; 2], NEVER, NEVER],
    ),
    (&[Act::ListPatients, Act::ListAssignments], [ROLE, ROLE, PANEL, OWN, NEVER]),
    (&[Act::ReadDoctor], [ROLE, ROLE, ROLE, ["nnnnann"; 2], NEVER]),
    (&[Act::ListDoctors], [ROLE, ROLE, ROLE, PANEL, NEVER]),
    (&[Act::ListPatientsOfDoctor], [ROLE, ROLE, ["nannncn"; 2], ["nnnnnnn"; 2], NEVER]),
    (&[Act::ListProxies], [ROLE, ROLE, ["nonnnnn"; 2], ["nonnnnn"; 2], NEVER]),
    (&[Act::ListAccesses], [ROLE, ["-o-----"; 2], ["nonnnnn"; 2], ["nonnnnn"; 2], NEVER]),
];

/// Returns the relations in the order of the letters.
fn relations() -> [Relation; 7] {
    [
        Relation::default(),
        Relation { own: true, ..Relation::default() },
        by_proxy(ProxyScope::All),
        by_proxy(ProxyScope::Contact),
        Relation { assigned: true, ..Relation::default() },
        Relation { covering: true, ..Relation::default() },
        Relation { emergency: true, ..Relation::default() },
    ]
}

fn by_proxy(scope: ProxyScope) -> Relation {
    Relation { proxy: Some(scope), ..Relation::default() }
}

fn restricted(relation: Relation) -> Relation {
    Relation { restricted: true, ..relation }
}

/// Returns account 3, of doctor 1 and patient 2.
fn actor(role: Role) -> Actor {
    let id = UserId::new(3).unwrap();
    Actor { id, role, doctor_id: DoctorId::new(1), patient_id: PatientId::new(2) }
}

fn letter(decision: &Result<Allowed, Denied>) -> char {
    match decision {
        Ok(allowed) => match allowed.basis() {
            Basis::Role => 'r',
            Basis::Own => 'o',
            Basis::Assignment => 'a',
            Basis::Covering => 'c',
            Basis::Proxy => 'p',
            Basis::Emergency => 'e',
        },
        Err(Denied::Role) => '-',
        Err(Denied::NotAssigned) => 'n',
        Err(Denied::Restricted) => 'x',
    }
}

/// Returns a letter for each relation.
fn decided(act: Act, role: Role, is_restricted: bool) -> String {
    let relations = relations().into_iter();
    let relations = relations.map(|it| Relation { restricted: is_restricted, ..it });
    relations.map(|relation| letter(&decide(act, &actor(role), &relation))).collect()
}

#[test]
fn every_act_has_one_rule() {
    let acts: Vec<Act> = RULES.iter().flat_map(|(acts, _)| acts.iter().copied()).collect();
    assert_eq!(acts.len(), Act::ALL.len());
    assert_eq!(BTreeSet::from_iter(acts), BTreeSet::from(Act::ALL));
}

#[test]
fn every_act_in_every_role_and_relation_is_decided_as_required() {
    let mut wrong = Vec::new();
    for (acts, by_role) in RULES {
        for (role, expected) in Role::ALL.into_iter().zip(by_role) {
            for act in *acts {
                let decided = [false, true].map(|restricted| decided(*act, role, restricted));
                if decided != *expected {
                    wrong.push(format!("{act:?} {role:?}: {decided:?}, not {expected:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The pipeline refuses without a further read whoever is denied even under the closest relation.
#[test]
fn closest_relation_permits_everything_that_another_permits() {
    for (act, role) in Act::ALL.into_iter().flat_map(|act| Role::ALL.map(|role| (act, role))) {
        if decide(act, &actor(role), &Relation::closest()).is_err() {
            let decided = [false, true].map(|restricted| decided(act, role, restricted)).concat();
            assert!(decided.chars().all(|it| "-nx".contains(it)), "{act:?} {role:?}: {decided}");
        }
    }
}

#[test]
fn treatment_comes_before_own_record_proxy_and_emergency() {
    let ground =
        |relation: Relation| letter(&decide(Act::ReadPatient, &actor(Role::Doctor), &relation));
    let closest = Relation::closest;
    assert_eq!(ground(closest()), 'a');
    assert_eq!(ground(Relation { assigned: false, ..closest() }), 'c');
    let untreated = || Relation { assigned: false, covering: false, ..closest() };
    assert_eq!(ground(untreated()), 'o');
    assert_eq!(ground(Relation { own: false, ..untreated() }), 'p');
    assert_eq!(ground(Relation { own: false, proxy: None, ..untreated() }), 'e');
}

#[test]
fn only_reads_are_permitted_in_an_emergency() {
    let permits =
        |role| Act::ALL.into_iter().filter(move |act| permits_in_emergency(*act, &actor(role)));
    let reads = [Act::ReadPatient, Act::ListDoctorsOfPatient, Act::GrantEmergencyAccess];
    for role in [Role::Admin, Role::Staff, Role::Doctor] {
        assert!(permits(role).eq(reads), "{role:?}");
    }
    for role in [Role::Patient, Role::Pending] {
        assert_eq!(permits(role).next(), None, "{role:?}");
    }
}

#[test]
fn only_linked_doctors_open_emergency_access() {
    let unlinked = Actor { doctor_id: None, ..actor(Role::Doctor) };
    let decided = decide(Act::GrantEmergencyAccess, &unlinked, &Relation::closest());
    assert_eq!(letter(&decided), '-');
    // An access that is open stays open until its end.
    let [.., emergency] = relations();
    assert_eq!(letter(&decide(Act::ReadPatient, &unlinked, &emergency)), 'e');
}

/// Returns the lists' reach; every other act has none.
fn reach(act: Act, role: Role) -> Reach {
    let doctor = |id| DoctorId::new(id).unwrap();
    let own = PatientId::new(2);
    match (act, role) {
        (Act::ListPatients | Act::ListPatientsOfDoctor, Role::Admin | Role::Staff)
        | (Act::ListAssignments, Role::Staff) => Reach::Unrestricted,
        (Act::ListPatients, Role::Doctor) => Reach::Panels(vec![doctor(1), doctor(5)]),
        (Act::ListPatients, Role::Patient) => {
            Reach::Represented { user: UserId::new(3).unwrap(), own }
        }
        (Act::ListAssignments, Role::Doctor) => Reach::Panels(vec![doctor(1)]),
        (Act::ListAssignments | Act::ListDoctors, Role::Patient) => Reach::CareTeam(own),
        _ => Reach::All,
    }
}

#[test]
fn lists_have_the_reach_of_the_caller() {
    let covered = DoctorId::new(5).into_iter().collect();
    let relation = Relation { covered, ..Relation::closest() };
    for (act, role) in Act::ALL.into_iter().flat_map(|act| Role::ALL.map(|role| (act, role))) {
        if let Ok(allowed) = decide(act, &actor(role), &relation) {
            assert_eq!(*allowed.reach(), reach(act, role), "{act:?} {role:?}");
        }
    }
}

#[test]
fn account_without_links_reaches_nobody() {
    let unlinked = |role| Actor { doctor_id: None, patient_id: None, ..actor(role) };
    let reach = |act, role| {
        let allowed = decide(act, &unlinked(role), &Relation::default()).unwrap();
        allowed.reach().clone()
    };
    for act in [Act::ListPatients, Act::ListAssignments] {
        assert_eq!(reach(act, Role::Doctor), Reach::Panels(Vec::new()));
    }
    for act in [Act::ListDoctors, Act::ListAssignments] {
        assert_eq!(reach(act, Role::Patient), Reach::CareTeam(None));
    }
    let nobody = Reach::Represented { user: UserId::new(3).unwrap(), own: None };
    assert_eq!(reach(Act::ListPatients, Role::Patient), nobody);
}

/// Returns a restricted patient with a value for every attribute.
fn patient() -> Value {
    let patient: PatientDetails = serde_json::from_value(json!({
        "first_name": "Jane", "last_name": "Roe", "former_names": ["Doe"], "date_of_birth": "1990",
        "date_of_birth_estimated": true, "deceased_at": "2025", "gender": "Female",
        "contact_number": "+12025550147", "contact_number_display": "+1 202-555-0147",
        "emergency_number": "112", "emergency_number_display": "112", "address": "12 Elm Street",
        "medical_history": "Asthma", "identifiers": [{"system": "MRN", "value": "1"}],
        "restricted": true,
    }))
    .unwrap();
    json!(patient)
}

fn allowed(act: Act, role: Role, relation: &Relation) -> Allowed {
    decide(act, &actor(role), relation).unwrap()
}

/// Returns the attributes of a record that an answer contains.
fn seen(allowed: &Allowed, record: &Value) -> BTreeSet<String> {
    let written = allowed.view().write(record).unwrap();
    let written: Value = serde_json::from_str(&written).unwrap();
    written.as_object().unwrap().keys().cloned().collect()
}

/// Returns the attributes of a record that may change.
fn changeable(allowed: &Allowed, record: &Value) -> BTreeSet<String> {
    let may_change = |name: &&String| {
        let mut next = record.clone();
        next[name.as_str()] = json!("another value");
        allowed.fields().check(record, &next).is_ok()
    };
    record.as_object().unwrap().keys().filter(may_change).cloned().collect()
}

fn names(record: &Value) -> BTreeSet<String> {
    record.as_object().unwrap().keys().cloned().collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn only_administrators_restrict_and_release_patients() {
    let (patient, none) = (patient(), Relation::default());
    let mut rest = names(&patient);
    assert!(rest.remove("restricted"));
    let update = |role, relation: &Relation| {
        let allowed = allowed(Act::UpdatePatient, role, relation);
        (seen(&allowed, &patient), changeable(&allowed, &patient))
    };
    assert_eq!(update(Role::Admin, &none), (names(&patient), names(&patient)));
    let only = set(&["restricted"]);
    assert_eq!(update(Role::Admin, &restricted(none.clone())), (only.clone(), only));
    assert_eq!(update(Role::Staff, &none), (names(&patient), rest.clone()));
    let creates = |role| changeable(&allowed(Act::CreatePatient, role, &none), &patient);
    assert_eq!(creates(Role::Admin), names(&patient));
    assert_eq!(creates(Role::Staff), rest);
    let [.., assigned, covering, _] = relations();
    for relation in [assigned, covering] {
        for relation in [relation.clone(), restricted(relation)] {
            assert_eq!(update(Role::Doctor, &relation), (names(&patient), rest.clone()));
        }
    }
}

#[test]
fn patients_and_proxies_change_contact_data_only() {
    let patient = patient();
    let contact = set(&[
        "contact_number",
        "contact_number_display",
        "address",
        "emergency_number",
        "emergency_number_display",
    ]);
    let hidden = set(&["medical_history", "identifiers", "former_names", "gender", "deceased_at"]);
    let rest = &names(&patient) - &hidden;
    let [_, own, proxy, for_contacts, ..] = relations();
    for role in [Role::Patient, Role::Doctor] {
        for (relation, expected) in
            [(&own, names(&patient)), (&proxy, names(&patient)), (&for_contacts, rest.clone())]
        {
            let update = allowed(Act::UpdatePatient, role, relation);
            assert_eq!(changeable(&update, &patient), contact);
            assert_eq!(seen(&update, &patient), expected);
            let read = allowed(Act::ReadPatient, role, relation);
            assert_eq!(seen(&read, &patient), expected);
        }
    }
}

#[test]
fn patients_do_not_see_licence_and_email_of_doctors() {
    let doctor = DoctorDetails::sample(1);
    let rest = &names(&doctor) - &set(&["license_number", "email"]);
    let [none, own, proxy, for_contacts, assigned, ..] = relations();
    for (act, role, relation, expected) in [
        (Act::ReadDoctor, Role::Patient, &assigned, &rest),
        (Act::ListDoctors, Role::Patient, &none, &rest),
        (Act::ListDoctorsOfPatient, Role::Patient, &own, &rest),
        (Act::ListDoctorsOfPatient, Role::Patient, &proxy, &rest),
        (Act::ListDoctorsOfPatient, Role::Doctor, &for_contacts, &rest),
        (Act::ListDoctorsOfPatient, Role::Doctor, &assigned, &names(&doctor)),
        (Act::ListDoctorsOfPatient, Role::Staff, &none, &names(&doctor)),
        (Act::ReadDoctor, Role::Doctor, &none, &names(&doctor)),
        (Act::ListDoctors, Role::Staff, &none, &names(&doctor)),
    ] {
        let allowed = allowed(act, role, relation);
        assert_eq!(seen(&allowed, &doctor), *expected, "{act:?} {role:?}");
    }
}

#[test]
fn only_administrators_see_traces_and_outcomes_of_accesses() {
    let access = json!({
        "at": "", "text": "", "outcome": "", "patients": [], "doctors": [], "accounts": [],
        "address": "", "session_id": "", "request_id": "", "chain": "", "seq": 0,
        "other_bases": {}, "object": null,
    });
    let [none, own, ..] = relations();
    let admin = allowed(Act::ListAccesses, Role::Admin, &none);
    assert_eq!(seen(&admin, &access), names(&access));
    for role in [Role::Staff, Role::Doctor, Role::Patient] {
        let allowed = allowed(Act::ListAccesses, role, &own);
        assert_eq!(seen(&allowed, &access), set(&["at", "text"]), "{role:?}");
        assert!(allowed.view().hides("outcome"));
    }
}
