//! The audit trail: every request that shows or changes a patient, an account or a right is in it, and no other one.

mod changes;
mod clinic;
mod reads;
mod trail;
mod walk;

use std::collections::BTreeMap;

use serde_json::json;
use shared::access::Act;
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::testing::access_page::{permitted, refusal};

use self::clinic::Clinic;
use self::walk::{Group, Says, Walk, one, perhaps_corrected};
use crate::client::User;
use crate::operations::{Operation, operations};
use crate::response::Response;
use crate::stack;
use crate::threads::in_parallel;

/// The functions that show and change neither a patient nor an account nor a right.
const UNRECORDED: [&str; 12] = [
    "auth-jwks",
    "auth-password-reset",
    "auth-verify",
    "docs",
    "doctors-create",
    "doctors-me",
    "doctors-update",
    "handovers-get",
    "health",
    "not-found",
    "keys-rotate",
    "audit-archive",
];

/// The functions that tell patients who treats them, and that show no patient to other accounts.
const OF_PATIENTS: [&str; 2] = ["doctors-get", "doctors-list"];

/// The functions whose row is put while the data are read, and is corrected if the data differ from it.
const AHEAD: [&str; 15] = [
    "accesses-list",
    "audit-list",
    "auth-me",
    "auth-sessions",
    "disclosures-list",
    "doctors-get",
    "doctors-list",
    "mappings-doctors",
    "mappings-list",
    "mappings-patients",
    "patients-duplicates",
    "patients-get",
    "patients-list",
    "patients-me",
    "proxies-list",
];

/// The number of functions that are called at the same time.
const THREADS: usize = 8;

/// The requests of accounts of every relation. A phase begins when the one before has ended. The groups of a phase run
/// at the same time: none changes data that another one reads, and no account calls the same function in two of them.
const PHASES: [&[Group]; 3] = [
    &[reads::of_the_patient, reads::of_lists],
    &[changes::of_patients, changes::of_care, changes::in_an_emergency],
    &[changes::of_rights],
];

fn is_own_stack() -> bool {
    if !stack::is_own() {
        eprintln!("skipped: cannot read the trail of another stack");
    }
    stack::is_own()
}

/// Returns the protected operations of each function. Without auth-logout, which would end the session.
fn operations_by_function() -> Vec<Vec<(Act, Operation)>> {
    let mut functions: BTreeMap<&str, Vec<(Act, Operation)>> = BTreeMap::new();
    for operation in operations().filter(|it| it.id != "auth-logout") {
        if let Some(act) = operation.act {
            functions.entry(act.function()).or_default().push((act, operation));
        }
    }
    functions.into_values().collect()
}

/// Calls every operation of a function with unknown ids and without a body, in every role.
fn call_in_every_role(operations: &[(Act, Operation)], users: &[(Role, &User)]) -> Walk {
    let mut walk = Walk::default();
    for (act, operation) in operations {
        for (role, user) in users {
            let answer = operation.request_without_body_by(*user).send();
            // A request over a limit has no row.
            if is_recorded(act.function(), *role) && answer.status != 429 {
                walk.note(user, &answer, expected(*act, *role, user, operation, &answer));
            }
        }
    }
    walk
}

fn is_recorded(function: &str, role: Role) -> bool {
    let is_of_all = !UNRECORDED.contains(&function) && !OF_PATIENTS.contains(&function);
    is_of_all || (OF_PATIENTS.contains(&function) && role == Role::Patient)
}

/// Returns what the rows of a request with unknown ids and without a body must say. They name the patient in the path also
/// if the body or the query is invalid.
fn expected(act: Act, role: Role, user: &User, operation: &Operation, answer: &Response) -> Says {
    let function = act.function();
    let says = if AHEAD.contains(&function) { perhaps_corrected(function) } else { one(function) };
    let allowed = permitted(act).into_iter().find(|(other, _)| *other == role);
    let says = match allowed {
        _ if refusal(act, role).is_some() => says.no_basis(),
        // The basis depends on a relation that a request without a body does not name.
        Some(_) if act == Act::GrantEmergencyAccess => says,
        Some((_, basis)) => says.basis(basis.code()),
        None => says,
    };
    if !reads::shows_patients(function) {
        return says;
    }
    let mut named = reads::patients_in_path(&operation.path);
    if OF_PATIENTS.contains(&function) {
        named.push(user.user["patient_id"].clone());
    }
    says.patients(named.iter().chain(reads::patients_in(function, &answer.json)))
}

#[test]
fn every_operation_is_recorded_in_every_role() {
    let Some(admin) = User::admin().filter(|_| is_own_stack()) else { return };
    let (pending, staff) = (User::pending(admin), User::staff());
    let linked = json!({"role": "patient", "patient_id": clinic::lone_patient(admin)["id"]});
    let (patient, doctor) = (User::changed(admin, &linked), User::doctor(admin));
    let own_admin = User::changed(admin, &json!({"role": "admin"}));
    let users = [
        (Role::Pending, &pending),
        (Role::Patient, &patient),
        (Role::Doctor, &doctor),
        (Role::Staff, &staff),
        (Role::Admin, &own_admin),
    ];
    let since = Timestamp::system();
    // Each refusal takes 100 ms, and the first request of each function waits until the function has started.
    let functions = operations_by_function();
    let walks =
        in_parallel(THREADS, functions.len(), |n| call_in_every_role(&functions[n], &users));
    let mut walk = Walk::default();
    walks.into_iter().for_each(|other| walk.extend(other));
    let rows = walk.check(since);
    for row in rows {
        let operation = &*row.facts.operation;
        assert!(!UNRECORDED.contains(&operation), "{row:?}");
        if OF_PATIENTS.contains(&operation) {
            assert_eq!(row.facts.subjects.patients.len(), 1, "{row:?}");
        }
    }
}

#[test]
fn every_relation_to_a_patient_is_recorded_as_the_basis() {
    let Some(admin) = User::admin().filter(|_| is_own_stack()) else { return };
    let clinic = Clinic::new(admin);
    let (since, mut walk) = (Timestamp::system(), Walk::default());
    reads::of_nothing_recorded(&clinic);
    PHASES.iter().for_each(|groups| walk.make(&clinic, groups));
    walk.check(since);
}

#[test]
fn accounts_are_recorded() {
    if !is_own_stack() {
        return;
    }
    let (since, mut walk) = (Timestamp::system(), Walk::default());
    let user = changes::of_an_account(&mut walk);
    let rows = walk.check(since);
    changes::check_public(&user, &rows);
}
