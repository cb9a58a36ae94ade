//! Requests that change a patient, an account or a right.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::audit::Row;
use shared::model::id::Id;
use shared::model::timestamp::Timestamp;

use super::clinic::{Clinic, WEEK, cover_path, doctor_of, lone, lone_patient, proxies_path};
use super::walk::{Walk, batch, corrected, id, one};
use crate::client::{Actor, Anonymous, User};
use crate::clinic::{NOBODY, doctor_path, newcomer, patient_path, unique_email};
use crate::response::Response;

const PATIENTS: &str = "/api/patients/";
const MAPPINGS: &str = "/api/doctor/mappings/";
const LOGIN: &str = "/api/auth/login/";

/// A patient is created, changed and deleted.
pub fn of_patients(clinic: &Clinic, walk: &mut Walk) {
    let Clinic { staff, doctor, covering, guardian, pending, patient, .. } = clinic;
    let answer = staff.post(PATIENTS, &lone()).expect_status(201);
    let created = answer.json.clone();
    walk.note(staff, &answer, one("patients-create").basis("role").patients([&created]));
    let answer = staff.post(PATIENTS, &json!({"first_name": "Henrietta"}));
    answer.assert_problem(400, "invalid_body");
    walk.note(staff, &answer, one("patients-create").basis("role").patients([]));

    let path = patient_path(patient);
    for (number, (user, basis)) in
        [(staff, "role"), (doctor, "assignment"), (covering, "covering"), (guardian, "proxy")]
            .into_iter()
            .enumerate()
    {
        let change = json!({"address": format!("{number} Elm Street")});
        let says = one("patients-update").basis(basis).patients([patient]);
        let answer = user.patch(&path, &change).expect_status(200);
        walk.note(user, &answer, says.clone().fields(&["address"]));
        // The same change again changes nothing, and its answer shows the patient.
        let answer = user.patch(&path, &change).expect_status(200);
        walk.note(user, &answer, says.fields(&[]));
    }
    let answer = guardian.patch(&path, &json!({"last_name": "Doe"}));
    answer.assert_problem(403, "permission_denied");
    walk.note(guardian, &answer, one("patients-update").basis("proxy").patients([patient]));
    let change = staff.request("PATCH", &path).header("if-match", "\"1\"");
    let answer = change.json(&json!({"address": "9 Elm Street"})).send();
    answer.assert_problem(412, "precondition_failed");
    walk.note(staff, &answer, one("patients-update").basis("role").patients([patient]));
    let answer = pending.patch(&path, &json!({"address": "9 Elm Street"}));
    answer.assert_problem(403, "permission_denied");
    walk.note(pending, &answer, one("patients-update").no_basis().patients([patient]));

    let path = patient_path(&created);
    let answer = staff.delete(&path).expect_status(204);
    walk.note(staff, &answer, one("patients-delete").basis("role").patients([&created]));
    let answer = staff.delete(&path);
    answer.assert_problem(404, "not_found");
    walk.note(staff, &answer, one("patients-delete").basis("role").patients([&created]));
}

/// Assignments, covers and hand-overs are made and ended.
pub fn of_care(clinic: &Clinic, walk: &mut Walk) {
    let Clinic { admin, staff, doctor, stranger, .. } = clinic;
    // Another account creates the records: its rows are not checked.
    let other = User::staff();
    let [one_patient, two] = [0, 1].map(|_| lone_patient(&other));
    let (from, to) = (doctor_of(doctor), other.new_doctor());
    let says = |operation: &str| one(operation).basis("role").patients([&one_patient]);

    let answer = staff.assign(&from, &one_patient).expect_status(201);
    walk.note(staff, &answer, says("mappings-assign"));
    let answer = staff.assign(&from, &one_patient).expect_status(200);
    walk.note(staff, &answer, says("mappings-assign"));
    let path = format!("{MAPPINGS}{}/{}/", one_patient["id"], from["id"]);
    let answer = staff.patch(&path, &json!({"role": "consulting"})).expect_status(200);
    walk.note(staff, &answer, says("mappings-update").fields(&["role"]));
    let answer = staff.delete(&path).expect_status(204);
    walk.note(staff, &answer, says("mappings-remove"));
    let answer = staff.delete(&path);
    answer.assert_problem(404, "not_found");
    walk.note(staff, &answer, says("mappings-remove"));
    let answer = stranger.delete(&path);
    answer.assert_problem(403, "permission_denied");
    let refused = one("mappings-remove").no_basis().patients([&one_patient]);
    walk.note(stranger, &answer, refused);

    let (both, nobody) = ([&one_patient, &two], json!(NOBODY));
    let path = format!("{MAPPINGS}bulk/");
    let pair = |patient: &Value| json!({"doctor_id": from["id"], "patient_id": patient});
    let body = json!({"assignments": both.map(|it| pair(&it["id"]))});
    let answer = staff.post(&path, &body).expect_status(200);
    walk.note(staff, &answer, batch("mappings-bulk", 2).basis("role").patients(both));
    let answer = stranger.post(&path, &body);
    answer.assert_problem(403, "permission_denied");
    walk.note(stranger, &answer, one("mappings-bulk").no_basis().patients(both));
    // The first assignment exists, and the other patient does not.
    let body = json!({"assignments": [pair(&two["id"]), pair(&nobody)]});
    let answer = staff.post(&path, &body).expect_status(200);
    let shown = batch("mappings-bulk", 1).basis("role").patients([&two]);
    walk.note(staff, &answer, shown.failed("not_found", [&nobody]));
    let ids = [&one_patient["id"], &two["id"], &nobody];
    let body = json!({"patient_ids": ids, "from_doctor_id": from["id"], "to_doctor_id": to["id"]});
    let answer = staff.post(&format!("{MAPPINGS}transfer/"), &body).expect_status(200);
    let moved = batch("mappings-transfer", 2).basis("role").patients(both);
    walk.note(staff, &answer, moved.failed("not_found", [&nobody]));
    let answer = staff.assign(&from, &two).expect_status(201);
    let assignment = answer.json["id"].clone();
    walk.note(staff, &answer, one("mappings-assign").basis("role").patients([&two]));
    let body = json!({"assignment_id": assignment, "reason": "wrong-patient"});
    let path = format!("{MAPPINGS}{}/void/", two["id"]);
    let answer = staff.post(&path, &body).expect_status(200);
    walk.note(staff, &answer, one("mappings-void").basis("role").patients([&two]));

    let path = cover_path(stranger);
    let next_week = Timestamp::system().plus(WEEK);
    let cover = json!({"covering_doctor_id": from["id"], "ends_at": next_week});
    let answer = staff.put(&path, &cover).expect_status(200);
    walk.note(staff, &answer, one("covers-set").basis("role").patients([]));
    let answer = staff.delete(&path).expect_status(204);
    walk.note(staff, &answer, one("covers-end").basis("role").patients([]));
    let leaving = other.new_doctor();
    let path = format!("{}handover/", doctor_path(&leaving));
    let body = json!({"to_doctor_id": to["id"], "effective_at": next_week});
    let answer = admin.post(&path, &body).expect_status(202);
    walk.note(admin, &answer, one("handovers-create").basis("role").patients([]));
    let lonely = other.new_doctor();
    let answer = admin.delete(&doctor_path(&lonely)).expect_status(204);
    walk.note(admin, &answer, one("doctors-delete").basis("role").patients([]));
}

/// A doctor opens the record of a patient, and an administrator reviews it. Disclosures are added and listed.
pub fn in_an_emergency(clinic: &Clinic, walk: &mut Walk) {
    let Clinic { admin, stranger, patient, .. } = clinic;
    let path = patient_path(patient);
    let named =
        json!({"last_name": patient["last_name"], "date_of_birth": patient["date_of_birth"]});
    let answer = stranger.post(&format!("{PATIENTS}lookup/"), &named).expect_status(200);
    walk.note(stranger, &answer, one("patients-lookup").basis("role").patients([patient]));
    let answer = stranger.get(&path);
    answer.assert_problem(403, "not_assigned");
    walk.note(stranger, &answer, corrected("patients-get").no_basis().patients([patient]));

    let reason = json!({"reason_code": "urgent_care", "reason": "Unconscious in the ward"});
    let opening = format!("{path}emergency-access/");
    let answer = stranger.post(&opening, &reason).expect_status(201);
    let says = one("emergency-grant").basis("emergency").patients([patient]);
    walk.note(stranger, &answer, says);
    let answer = stranger.get(&path).expect_status(200);
    let says = corrected("patients-get").basis("emergency").patients([patient]);
    walk.note(stranger, &answer, says);
    let answer = stranger.patch(&path, &json!({"address": "1 Elm Street"}));
    answer.assert_problem(403, "not_assigned");
    walk.note(stranger, &answer, one("patients-update").no_basis().patients([patient]));

    let answer = admin.get("/api/emergency-access/").expect_status(200);
    let reviews = answer.json["results"].as_array().unwrap();
    let review = reviews.iter().find(|it| it["user_id"] == stranger.user["id"]).unwrap();
    let review = review["id"].as_str().unwrap().to_owned();
    walk.note(admin, &answer, one("emergency-list").basis("role"));
    let path = format!("/api/emergency-access/{review}/review/");
    let answer = admin.post(&path, &json!({"verdict": "justified"})).expect_status(200);
    walk.note(admin, &answer, one("emergency-review").basis("role"));

    let path = format!("{}disclosures/", patient_path(patient));
    let disclosure = json!({
        "disclosed_on": "2026-01-14", "recipient": "Department of Public Health",
        "what": "A laboratory report", "purpose": "Report of a notifiable disease",
    });
    let answer = admin.post(&path, &disclosure).expect_status(201);
    walk.note(admin, &answer, one("disclosures-create").basis("role").patients([patient]));
    let answer = admin.post(&path, &disclosure).expect_status(200);
    walk.note(admin, &answer, one("disclosures-create").basis("role").patients([patient]));
    let answer = admin.get(&path).expect_status(200);
    walk.note(admin, &answer, one("disclosures-list").basis("role").patients([patient]));
    let answer = stranger.get(&path);
    answer.assert_problem(403, "permission_denied");
    walk.note(stranger, &answer, one("disclosures-list").no_basis().patients([patient]));
}

/// Roles, proxies and invitations.
pub fn of_rights(clinic: &Clinic, walk: &mut Walk) {
    let Clinic { admin, staff, pending, patient, .. } = clinic;
    let proxies = proxies_path(patient);
    let proxy = json!({"user_id": pending.user["id"], "basis": "guardian"});
    let says = |operation: &str| one(operation).basis("role").patients([patient]);
    let answer = admin.post(&proxies, &proxy).expect_status(201);
    walk.note(admin, &answer, says("proxies-create").account(pending));
    let answer = admin.post(&proxies, &proxy).expect_status(200);
    walk.note(admin, &answer, says("proxies-create").account(pending));
    let path = format!("{proxies}{}/", pending.user["id"]);
    let answer = admin.delete(&path).expect_status(204);
    walk.note(admin, &answer, says("proxies-delete").account(pending));

    let path = format!("/api/users/{}/", pending.user["id"]);
    let answer = admin.patch(&path, &json!({"role": "staff"})).expect_status(200);
    let says = one("users-update").basis("role").account(pending).fields(&["role"]);
    walk.note(admin, &answer, says);
    let answer = staff.patch(&path, &json!({"role": "admin"}));
    answer.assert_problem(403, "permission_denied");
    walk.note(staff, &answer, one("users-update").no_basis().account(pending));

    let invitations = "/api/invitations/";
    let body = json!({"email": unique_email(), "role": "staff"});
    let answer = admin.post(invitations, &body).expect_status(201);
    let path = format!("{invitations}{}/", answer.json["id"].as_str().unwrap());
    walk.note(admin, &answer, one("invitations-create").basis("role").patients([]));
    let answer = admin.get(invitations).expect_status(200);
    walk.note(admin, &answer, one("invitations-list").basis("role"));
    let answer = admin.delete(&path).expect_status(204);
    walk.note(admin, &answer, one("invitations-revoke").basis("role").patients([]));
}

/// An account is registered, signs in and out, and changes its password. Returns it.
pub fn of_an_account(walk: &mut Walk) -> User {
    let mut account = newcomer();
    Anonymous.post("/api/auth/register/", &account).expect_status(201);
    let credentials =
        |password: &Value| json!({"username": account["username"], "password": password});
    let wrong = credentials(&json!("not the password"));
    Anonymous.post(LOGIN, &wrong).assert_problem(401, "invalid_credentials");
    let right = credentials(&account["password"]);
    let (first, second) = (Anonymous.post(LOGIN, &right), Anonymous.post(LOGIN, &right));
    let signed_in = |login: &Response| User {
        account: account.clone(),
        user: login.json["user"].clone(),
        access: login.json["access"].as_str().unwrap().to_owned(),
        refresh: login.json["refresh"].as_str().unwrap().to_owned(),
    };
    let (user, other) = (signed_in(&first), signed_in(&second));
    for login in [&first, &second] {
        walk.note(&user, login, one("auth-login").no_basis().account(&user));
    }
    let me = user.get("/api/auth/me/").expect_status(200);
    walk.note(&user, &me, one("auth-me").basis("self").account(&user));
    let sessions = user.get("/api/auth/sessions/").expect_status(200);
    walk.note(&user, &sessions, one("auth-sessions").basis("self").account(&user));
    // A refresh token is `<user id>.<session id>.…`.
    let session = other.refresh.split('.').nth(1).unwrap();
    let path = format!("/api/auth/sessions/{session}/");
    let revoked = user.delete(&path).expect_status(204);
    walk.note(&user, &revoked, one("auth-session-revoke").basis("self").account(&user));
    let missing = user.delete(&path);
    missing.assert_problem(404, "not_found");
    walk.note(&user, &missing, one("auth-session-revoke").basis("self"));

    let passwords = "/api/auth/password/";
    let new = json!("copper-Harbor 77 willow");
    let change = |current: &Value| json!({"current_password": current, "new_password": new});
    let refused = user.post(passwords, &change(&json!("not the password")));
    refused.assert_problem(400, "invalid_body");
    walk.note(&user, &refused, one("auth-password").basis("self"));
    let changed = user.post(passwords, &change(&account["password"])).expect_status(200);
    walk.note(&user, &changed, one("auth-password").basis("self").account(&user));
    let left = user.post("/api/auth/logout/", &json!({})).expect_status(200);
    walk.note(&user, &left, one("auth-logout").basis("self").account(&user));
    let ended = user.get("/api/auth/me/");
    ended.assert_problem(401, "token_not_valid");
    walk.note(&user, &ended, corrected("auth-me").no_basis().account(&user));
    account["password"] = new;
    User { account, ..user }
}

/// Fails the test unless the trail has the registration and the failed login, whose rows have no actor.
pub fn check_public(user: &User, rows: &[Row]) {
    let account = id(&user.user).unwrap();
    let is_about = |row: &&Row| {
        let accounts: BTreeSet<u64> =
            row.facts.subjects.accounts.iter().map(|account| account.get()).collect();
        row.facts.actor.is_none() && accounts == [account].into()
    };
    let mut found: Vec<(&str, &str)> = rows
        .iter()
        .filter(is_about)
        .map(|row| (&*row.facts.operation, &*row.facts.outcome))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("auth-login", "invalid_credentials"), ("auth-register", "done")]);
}
