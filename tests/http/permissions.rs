//! Who may do what: nothing that is not public without a token that counts, and nothing beyond one's role.

use serde_json::json;

use crate::client::{Actor, Anonymous, Bearer, User};
use crate::operations::{OPERATIONS, Operation, Who};

fn protected() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(|operation| operation.who > Who::Anyone)
}

#[test]
fn every_protected_operation_needs_a_token() {
    for operation in protected() {
        let answer = Anonymous.request(operation.method, operation.path).send();
        answer.assert_problem(401, "not_authenticated");
        assert_eq!(answer.challenge(), r#"Bearer realm="api""#, "{answer}");
    }
}

#[test]
fn every_protected_operation_needs_a_token_that_counts() {
    let gone = User::staff();
    gone.post("/api/auth/logout/", &json!({})).expect_status(200);
    for operation in protected() {
        for token in ["a.b.c", gone.access.as_str(), gone.refresh.as_str()] {
            let request = Bearer(token).request(operation.method, operation.path);
            request.send().assert_problem(401, "token_not_valid");
        }
    }
}

#[test]
fn every_operation_is_for_its_role_and_those_above() {
    let Some(admin) = User::admin() else { return };
    let staff = User::staff();
    let pending = User::pending(admin);
    for operation in protected().filter(|it| it.path != "/api/auth/logout/") {
        let path = operation.path_to_nobody();
        for (user, role) in [(&pending, Who::SignedIn), (&staff, Who::Staff), (admin, Who::Admin)] {
            let answer = user.request(operation.method, &path).send();
            if role >= operation.who {
                assert!(![401, 403].contains(&answer.status), "{role:?}: {answer}");
            } else {
                answer.assert_problem(403, "permission_denied");
            }
        }
    }
}

#[test]
fn who_may_come_in_is_asked_before_what_is_brought() {
    for operation in protected() {
        if operation.method == "GET" || operation.method == "DELETE" {
            continue;
        }
        let request = Anonymous.request(operation.method, operation.path);
        let request = request.header("content-type", "text/plain");
        let answer = request.body("nonsense").send();
        answer.assert_problem(401, "not_authenticated");
    }
}
