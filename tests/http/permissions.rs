//! Who may do what: nothing that is not public without a token that counts, and nothing beyond one's role.
//! Whoever is to be refused sends what would otherwise do: the contract's own example.

use std::time::Duration;

use repo::openapi::Who;
use serde_json::json;
use shared::testing::tokens;

use crate::client::{Actor, Anonymous, Bearer, Request, User};
use crate::operations::{Operation, operations};
use crate::stack;

const ME: &str = "/api/auth/me/";
const SESSIONS: &str = "/api/auth/sessions/";

fn protected() -> impl Iterator<Item = Operation> {
    operations().filter(|operation| operation.who > Who::Anyone)
}

/// No protected operation takes the token.
#[track_caller]
fn assert_opens_nothing(token: &str) {
    for operation in protected() {
        let answer = operation.by(&Bearer(token)).send();
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
fn every_public_operation_is_open_to_anyone() {
    for operation in operations().filter(|operation| operation.who == Who::Anyone) {
        // Without a body: the example must not become an account.
        let answer = operation.without_body_by(&Anonymous).send();
        assert!(![401, 403].contains(&answer.status), "{answer}");
    }
}

#[test]
fn every_protected_operation_needs_a_token() {
    for operation in protected() {
        let answer = operation.by(&Anonymous).send();
        answer.assert_problem(401, "not_authenticated");
        assert_eq!(answer.challenge(), r#"Bearer realm="api""#, "{answer}");
    }
}

#[test]
fn a_malformed_token_opens_nothing() {
    assert_opens_nothing("a.b.c");
}

#[test]
fn an_expired_token_opens_nothing() {
    if !stack::is_own() {
        eprintln!("skipped: without the secret of another stack no token of it can be made");
        return;
    }
    let user = User::staff();
    let id = user.user["id"].as_u64().unwrap();
    let session = current_session(&user);
    let secret = stack::token_secret().into();
    let token = |ago| tokens::minted(&secret, id, &session, ago);
    // Its age is all that is wrong with the other one.
    Bearer(&token(Duration::ZERO)).get(ME).expect_status(200);
    assert_opens_nothing(&token(Duration::from_secs(60 * 60)));
}

#[test]
fn a_revoked_sessions_token_opens_nothing() {
    let user = User::staff();
    let revoked = User::log_in(&user.account);
    let path = format!("{SESSIONS}{}/", current_session(&revoked));
    user.delete(&path).expect_status(204);
    assert_opens_nothing(&revoked.access);
}

#[test]
fn a_token_opens_nothing_after_its_logout() {
    let user = User::staff();
    user.post("/api/auth/logout/", &json!({})).expect_status(200);
    assert_opens_nothing(&user.access);
}

#[test]
fn a_refresh_token_in_its_place_opens_nothing() {
    assert_opens_nothing(&User::staff().refresh);
}

#[test]
fn every_operation_is_for_its_role_and_those_above() {
    let Some(admin) = User::admin() else { return };
    let staff = User::staff();
    let pending = User::pending(admin);
    // A logout that is let through would be the last call of these three.
    for operation in protected().filter(|it| it.id != "auth-logout") {
        for (user, role) in [(&pending, Who::SignedIn), (&staff, Who::Staff), (admin, Who::Admin)] {
            if role >= operation.who {
                // Without a body: the example must not become a doctor.
                let answer = operation.without_body_by(user).send();
                assert!(![401, 403].contains(&answer.status), "{role:?}: {answer}");
            } else {
                operation.by(user).send().assert_problem(403, "permission_denied");
            }
        }
    }
}

#[test]
fn who_may_come_in_is_asked_before_what_is_brought() {
    let pending = User::admin().map(User::pending);
    for operation in protected() {
        if operation.method == "GET" || operation.method == "DELETE" {
            continue;
        }
        let nonsense =
            |request: Request| request.header("content-type", "text/plain").body("nonsense").send();
        let answer = nonsense(operation.without_body_by(&Anonymous));
        answer.assert_problem(401, "not_authenticated");
        if let Some(pending) = pending.as_ref().filter(|_| operation.who > Who::SignedIn) {
            let answer = nonsense(operation.without_body_by(pending));
            answer.assert_problem(403, "permission_denied");
        }
    }
}
