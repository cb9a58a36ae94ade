//! /api/users/: administrators list and change accounts.

use serde_json::json;

use crate::client::{Actor, User};
use crate::clinic::eventually;
use crate::json::{contains, members};

const USERS: &str = "/api/users/";
const ME: &str = "/api/auth/me/";

fn path(user: &User) -> String {
    format!("{USERS}{}/", user.user["id"])
}

#[test]
fn search_finds_accounts_by_the_beginning_of_the_username() {
    let Some(admin) = User::admin() else { return };
    let user = User::staff();
    let username = user.account["username"].as_str().unwrap();
    let search = format!("{USERS}?search={}", username.to_uppercase());
    let found = eventually(|| admin.walk(&search), |found| found.len() == 1);
    assert!(contains(&found[0], &user.user), "{found:?}");
    assert_eq!(
        members(&found[0]),
        [
            "active",
            "created_at",
            "doctor_id",
            "email",
            "email_verified",
            "id",
            "patient_id",
            "role",
            "username",
            "version"
        ]
    );
}

#[test]
fn role_change_applies_to_the_next_request() {
    let Some(admin) = User::admin() else { return };
    let user = User::staff();
    user.get("/api/doctors/?limit=1").expect_status(200);
    let changed = admin.patch(&path(&user), &json!({"role": "pending"})).expect_status(200);
    assert_eq!(changed.json["role"], "pending");
    user.get("/api/doctors/?limit=1").assert_problem(403, "permission_denied");
    user.get(ME).expect_status(200);

    let stale = admin.request("PATCH", &path(&user)).header("if-match", "\"1\"");
    let stale = stale.json(&json!({"role": "staff"})).send();
    stale.assert_problem(412, "precondition_failed");
    let current = admin.request("PATCH", &path(&user)).header("if-match", &changed.etag());
    current.json(&json!({"role": "staff"})).send().expect_status(200);
    user.get("/api/doctors/?limit=1").expect_status(200);
}

#[test]
fn deactivation_ends_every_session_permanently() {
    let Some(admin) = User::admin() else { return };
    let user = User::staff();
    let other = User::log_in(&user.account);
    admin.patch(&path(&user), &json!({"active": false})).expect_status(200);
    for user in [&user, &other] {
        user.get(ME).assert_problem(401, "token_not_valid");
    }
    admin.patch(&path(&user), &json!({"active": true})).expect_status(200);
    user.get(ME).assert_problem(401, "token_not_valid");
    User::log_in(&user.account).get(ME).expect_status(200);
}

#[test]
fn doctor_is_linked_to_one_account() {
    let Some(admin) = User::admin() else { return };
    let doctor = admin.new_doctor();
    let (user, other) = (User::staff(), User::staff());
    let change = json!({"role": "doctor", "doctor_id": doctor["id"]});
    user.get("/api/doctors/me/").assert_problem(404, "not_found");
    let linked = admin.patch(&path(&user), &change).expect_status(200);
    assert_eq!(linked.json["doctor_id"], doctor["id"]);
    assert_eq!(user.get(ME).expect_status(200).json["doctor_id"], doctor["id"]);
    assert_eq!(user.get("/api/doctors/me/").expect_status(200).json, doctor);

    admin.patch(&path(&other), &change).assert_problem(409, "already_linked");
    admin.patch(&path(&user), &json!({"doctor_id": null})).assert_invalid(&["doctor_id"]);
    let leave = json!({"role": "staff", "doctor_id": null});
    admin.patch(&path(&user), &leave).expect_status(200);
    admin.patch(&path(&other), &change).expect_status(200);
}

#[test]
fn invalid_changes_are_reported_by_field() {
    let Some(admin) = User::admin() else { return };
    let user = User::staff();
    admin.patch(&path(&user), &json!({"role": "owner"})).assert_invalid(&["role"]);
    admin.patch(&path(&user), &json!({"role": "doctor"})).assert_invalid(&["doctor_id"]);
    admin.patch(&path(&user), &json!({"patient_id": "7"})).assert_invalid(&["patient_id"]);
    admin.patch(&path(&user), &json!({"active": "no"})).assert_invalid(&["active"]);
    admin.patch(&path(&user), &json!({"email": "a@example.com"})).assert_invalid(&["email"]);
    admin.patch(&format!("{USERS}abc/"), &json!({})).assert_problem(404, "not_found");
}
