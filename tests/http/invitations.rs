//! /api/invitations/ and /api/auth/email/verify/: invitations are mailed, accepted and revoked; addresses are verified.

use serde_json::{Value, json};

use crate::client::{Actor, Anonymous, User};
use crate::clinic::{mailed_token, newcomer, unique_email};
use crate::json::members;
use crate::stack;
use crate::threads::{count, together};

const INVITATIONS: &str = "/api/invitations/";
const ACCEPT: &str = "/api/auth/invitations/accept/";
const VERIFY: &str = "/api/auth/email/verify/";
const ME: &str = "/api/auth/me/";

/// Invites an address, and returns the invitation and its token.
fn invite(admin: &User, email: &str, role: &str) -> (Value, String) {
    let body = json!({"email": email, "role": role});
    let invitation = admin.post(INVITATIONS, &body).expect_status(201).json;
    (invitation, mailed_token(email, "An invitation"))
}

/// Returns the body with which a newcomer accepts an invitation.
fn acceptance(token: &str) -> Value {
    let newcomer = newcomer();
    json!({"token": token, "username": newcomer["username"], "password": newcomer["password"]})
}

fn reads_mail() -> bool {
    if !stack::is_own() {
        eprintln!("skipped: cannot read the mail of another stack");
    }
    stack::is_own()
}

#[test]
fn invited_person_has_the_role_and_a_verified_address() {
    let Some(admin) = User::admin().filter(|_| reads_mail()) else { return };
    let email = unique_email();
    let (invitation, token) = invite(admin, &email, "pending");
    assert_eq!(
        members(&invitation),
        ["created_at", "email", "expires_at", "id", "invited_by", "role"]
    );
    assert!(admin.walk(INVITATIONS).contains(&invitation));

    let bodies: Vec<Value> = (0..4).map(|_| acceptance(&token)).collect();
    let answers = together(4, |n| Anonymous.post(ACCEPT, &bodies[n]));
    assert_eq!((count(&answers, 201), count(&answers, 400)), (1, 3));
    let accepted = answers.iter().position(|answer| answer.status == 201).unwrap();
    let user = User::log_in(&bodies[accepted]);
    let me = user.get(ME).expect_status(200).json;
    assert_eq!((&me["email"], &me["role"]), (&json!(email), &json!("pending")));
    assert_eq!(me["email_verified"], true);
    assert!(!admin.walk(INVITATIONS).contains(&invitation));
}

#[test]
fn revoked_invitation_cannot_be_accepted() {
    let Some(admin) = User::admin().filter(|_| reads_mail()) else { return };
    let (invitation, token) = invite(admin, &unique_email(), "staff");
    let path = format!("{INVITATIONS}{}/", invitation["id"].as_str().unwrap());
    admin.delete(&path).expect_status(204);
    admin.delete(&path).assert_problem(404, "not_found");
    Anonymous.post(ACCEPT, &acceptance(&token)).assert_invalid(&["token"]);
}

#[test]
fn registration_mails_a_token_that_verifies_the_address() {
    if !reads_mail() {
        return;
    }
    let user = User::staff();
    assert_eq!(user.user["email_verified"], false);
    let token = mailed_token(user.account["email"].as_str().unwrap(), "Your email address");
    Anonymous.post(VERIFY, &json!({"token": token})).expect_status(200);
    Anonymous.post(VERIFY, &json!({"token": token})).assert_invalid(&["token"]);
    assert_eq!(user.get(ME).expect_status(200).json["email_verified"], true);
}
