//! The audit trail: every request that shows or changes a patient, an account or a right is in it, and no other one.

mod changes;
mod clinic;
mod reads;
mod trail;
mod walk;

use serde_json::json;
use shared::access::Act;
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::testing::access_page::{permitted, refusal};

use self::clinic::Clinic;
use self::walk::{Says, Walk, one, perhaps_corrected};
use crate::client::User;
use crate::operations::{Operation, operations};
use crate::response::Response;
use crate::stack;
use crate::threads::in_parallel;

/// The functions that show and change neither a patient nor an account nor a right.
const UNRECORDED: [&str; 14] = [
    "auth-jwks",
    "auth-password-reset",
    "auth-verify",
    "docs",
    "doctors-create",
    "doctors-get",
    "doctors-list",
    "doctors-me",
    "doctors-update",
    "handovers-get",
    "health",
    "not-found",
    "keys-rotate",
    "audit-archive",
];

/// The functions whose row is put while the data are read, and is corrected if they say something else.
const AHEAD: [&str; 11] = [
    "accesses-list",
    "audit-list",
    "auth-me",
    "auth-sessions",
    "disclosures-list",
    "mappings-doctors",
    "mappings-list",
    "mappings-patients",
    "patients-get",
    "patients-me",
    "proxies-list",
];

fn is_own_stack() -> bool {
    if !stack::is_own() {
        eprintln!("skipped: cannot read the trail of another stack");
    }
    stack::is_own()
}

/// Calls every protected operation with unknown ids and without a body, in one role.
fn call_everything(role: Role, user: &User) -> Walk {
    let mut walk = Walk::default();
    // Without auth-logout, which would end the session.
    for operation in operations().filter(|it| it.id != "auth-logout") {
        let Some(act) = operation.act else { continue };
        let answer = operation.request_without_body_by(user).send();
        // It was counted, and nothing was looked at.
        if !UNRECORDED.contains(&act.function()) && answer.status != 429 {
            walk.note(user, &answer, expected(act, role, &operation, &answer));
        }
    }
    walk
}

/// Returns what the rows of such a call must say.
fn expected(act: Act, role: Role, operation: &Operation, answer: &Response) -> Says {
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
    // Of other requests, the body is a part of the name.
    if !["GET", "DELETE"].contains(&operation.method) || !reads::shows_patients(function) {
        return says;
    }
    let named = reads::patients_in_path(&operation.path);
    says.patients(named.iter().chain(reads::patients_in(function, &answer.json)))
}

#[test]
fn every_operation_is_recorded_in_every_role() {
    let Some(admin) = User::admin().filter(|_| is_own_stack()) else { return };
    let (pending, staff) = (User::pending(admin), User::staff());
    let (patient, doctor) = (User::patient(admin), User::doctor(admin));
    let own_admin = User::changed(admin, &json!({"role": "admin"}));
    let users = [
        (Role::Pending, &pending),
        (Role::Patient, &patient),
        (Role::Doctor, &doctor),
        (Role::Staff, &staff),
        (Role::Admin, &own_admin),
    ];
    let since = Timestamp::system();
    // Refusals take their time, and so the roles wait together.
    let walks = in_parallel(users.len(), users.len(), |number| {
        let (role, user) = users[number];
        call_everything(role, user)
    });
    let mut walk = Walk::default();
    walks.into_iter().for_each(|other| walk.extend(other));
    let rows = walk.check(since);
    for row in rows {
        let operation = &*row.facts.operation;
        assert!(!UNRECORDED.contains(&operation), "{row:?}");
    }
}

#[test]
fn every_relation_to_a_patient_is_recorded_as_the_basis() {
    let Some(admin) = User::admin().filter(|_| is_own_stack()) else { return };
    let clinic = Clinic::new(admin);
    let (since, mut walk) = (Timestamp::system(), Walk::default());
    reads::of_the_patient(&clinic, &mut walk);
    reads::of_lists(&clinic, &mut walk);
    reads::of_nothing_recorded(&clinic);
    changes::of_patients(&clinic, &mut walk);
    changes::of_care(&clinic, &mut walk);
    changes::in_an_emergency(&clinic, &mut walk);
    changes::of_rights(&clinic, &mut walk);
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
