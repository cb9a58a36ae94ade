//! Permissions: protected operations need a valid token, a sufficient role, and for some roles a relation.
//!
//! Requests that must be refused are otherwise valid: they are the contract's own examples.

use std::time::Duration;

use repo::openapi::Who;
use serde_json::{Value, json};
use shared::model::user::Role;
use shared::testing::access_page::refusal;
use shared::testing::forged;

use crate::client::{Actor, Anonymous, Bearer, Request, User};
use crate::clinic::NOBODY;
use crate::json::without;
use crate::operations::{Operation, operations};
use crate::stack;

const ME: &str = "/api/auth/me/";
const SESSIONS: &str = "/api/auth/sessions/";

fn protected() -> impl Iterator<Item = Operation> {
    operations().filter(|operation| operation.who > Who::Anyone)
}

/// Asserts that every protected operation refuses the token.
#[track_caller]
fn assert_refused_everywhere(token: &str) {
    for operation in protected() {
        let answer = operation.request_by(&Bearer(token)).send();
        answer.assert_problem(401, "token_not_valid");
        let challenge = answer.challenge();
        assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}: {answer}");
    }
}

fn current_session(user: &User) -> String {
    let sessions = user.walk(SESSIONS);
    let current = sessions.iter().find(|session| session["current"] == true).unwrap();
    current["id"].as_str().unwrap().to_owned()
}

#[test]
fn public_operations_need_no_token() {
    for operation in operations().filter(|operation| operation.who == Who::Anyone) {
        // Without a body, because the example would create an account.
        let answer = operation.request_without_body_by(&Anonymous).send();
        assert!(![401, 403].contains(&answer.status), "{answer}");
    }
}

#[test]
fn protected_operations_need_a_token() {
    for operation in protected() {
        let answer = operation.request_by(&Anonymous).send();
        answer.assert_problem(401, "not_authenticated");
        assert_eq!(answer.challenge(), r#"Bearer realm="api""#, "{answer}");
    }
}

#[test]
fn malformed_token_is_refused_everywhere() {
    assert_refused_everywhere("a.b.c");
}

#[test]
fn expired_token_is_refused_everywhere() {
    if !stack::is_own() {
        eprintln!("skipped: cannot make tokens without the secret of another stack");
        return;
    }
    let user = User::staff();
    let id = user.user["id"].as_u64().unwrap();
    let session = current_session(&user);
    let secret = stack::token_secret().into();
    let token = |ago| forged::minted(&secret, id, &session, ago);
    // The other token differs only in its age.
    Bearer(&token(Duration::ZERO)).get(ME).expect_status(200);
    assert_refused_everywhere(&token(Duration::from_secs(60 * 60)));
}

#[test]
fn token_of_a_revoked_session_is_refused_everywhere() {
    let user = User::staff();
    let revoked = User::log_in(&user.account);
    let path = format!("{SESSIONS}{}/", current_session(&revoked));
    user.delete(&path).expect_status(204);
    assert_refused_everywhere(&revoked.access);
}

#[test]
fn token_is_refused_everywhere_after_logout() {
    let user = User::staff();
    user.post("/api/auth/logout/", &json!({})).expect_status(200);
    assert_refused_everywhere(&user.access);
}

#[test]
fn refresh_token_is_refused_as_access_token() {
    assert_refused_everywhere(&User::staff().refresh);
}

/// The examples name records that do not exist, so no caller is related to them.
#[test]
fn operations_permit_what_the_decision_permits_without_a_relation() {
    let Some(admin) = User::admin() else { return };
    let (pending, staff) = (User::pending(admin), User::staff());
    let (patient, doctor) = (User::patient(admin), User::doctor(admin));
    let users = [
        (Role::Pending, &pending),
        (Role::Patient, &patient),
        (Role::Doctor, &doctor),
        (Role::Staff, &staff),
        (Role::Admin, admin),
    ];
    // Without auth-logout, which would end the sessions of these users.
    for operation in protected().filter(|it| it.id != "auth-logout") {
        let act = operation.act.expect("a protected operation has an act");
        for (role, user) in users {
            if let Some(code) = refusal(act, role) {
                operation.request_by(user).send().assert_problem(403, code);
            } else {
                // Without a body, because the example would create a doctor.
                let answer = operation.request_without_body_by(user).send();
                assert!(![401, 403].contains(&answer.status), "{role:?}: {answer}");
            }
        }
    }
}

#[test]
fn unassigned_and_missing_patients_get_the_same_refusal() {
    let Some(admin) = User::admin() else { return };
    let (doctor, patient) = (User::doctor(admin), User::staff().new_patient());
    let refused = |id: &Value| {
        let answer = doctor.get(&format!("/api/patients/{id}/"));
        answer.assert_problem(403, "not_assigned");
        without(&answer.json, "request_id")
    };
    assert_eq!(refused(&patient["id"]), refused(&json!(NOBODY)));
}

#[test]
fn permission_is_checked_before_the_body() {
    let pending = User::admin().map(User::pending);
    for operation in protected() {
        // A logout's body may hold a refresh token in place of the access token.
        let body_is_read_first = operation.id == "auth-logout";
        if operation.method == "GET" || operation.method == "DELETE" || body_is_read_first {
            continue;
        }
        let nonsense =
            |request: Request| request.header("content-type", "text/plain").body("nonsense").send();
        let answer = nonsense(operation.request_without_body_by(&Anonymous));
        answer.assert_problem(401, "not_authenticated");
        if let Some(pending) = pending.as_ref().filter(|_| operation.who > Who::SignedIn) {
            let answer = nonsense(operation.request_without_body_by(pending));
            answer.assert_problem(403, "permission_denied");
        }
    }
}
