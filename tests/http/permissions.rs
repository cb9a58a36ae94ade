//! Who may do what: nothing that is not public, without a token that counts.

use crate::client::{Actor, Anonymous, Bearer};
use crate::operations::OPERATIONS;

#[test]
fn every_protected_operation_needs_a_token() {
    for operation in OPERATIONS.iter().filter(|operation| !operation.public) {
        let answer = Anonymous.request(operation.method, operation.path).send();
        answer.assert_problem(401, "not_authenticated");
        assert_eq!(answer.challenge(), r#"Bearer realm="api""#, "{answer}");
    }
}

#[test]
fn every_protected_operation_needs_a_token_that_counts() {
    for operation in OPERATIONS.iter().filter(|operation| !operation.public) {
        let request = Bearer("a.b.c").request(operation.method, operation.path);
        request.send().assert_problem(401, "token_not_valid");
    }
}

#[test]
fn who_may_come_in_is_asked_before_what_is_brought() {
    for operation in OPERATIONS.iter().filter(|operation| !operation.public) {
        if operation.method == "GET" || operation.method == "DELETE" {
            continue;
        }
        let request = Anonymous.request(operation.method, operation.path);
        let request = request.header("content-type", "text/plain");
        let answer = request.body("nonsense").send();
        answer.assert_problem(401, "not_authenticated");
    }
}
