//! Concurrent requests for the same records.

use serde_json::{Value, json};

use crate::client::{Actor, Anonymous, User};
use crate::clinic::{doctor_path, doctors_of, eventually, newcomer, patient_path, patients_of};
use crate::json::with;
use crate::threads::{count, together};

const MANY: usize = 32;
const REGISTER: &str = "/api/auth/register/";

#[test]
fn only_one_registration_gets_a_contested_username() {
    assert_one_registration_wins("username", "email");
}

#[test]
fn only_one_registration_gets_a_contested_email() {
    assert_one_registration_wins("email", "username");
}

/// Sends many registrations at once with the same `contested` field. One succeeds, and the `other` field of the rest
/// stays free.
fn assert_one_registration_wins(contested: &str, other: &str) {
    let value = newcomer()[contested].clone();
    let accounts: Vec<Value> =
        (0..MANY).map(|_| with(&newcomer(), contested, value.clone())).collect();
    let answers = together(MANY, |i| Anonymous.post(REGISTER, &accounts[i]));
    assert_eq!(count(&answers, 201), 1);

    for (account, answer) in accounts.iter().zip(&answers) {
        if answer.status == 201 {
            continue;
        }
        answer.assert_problem(409, "conflict");
        answer.assert_errors(&[contested]);
        let retry = with(&newcomer(), other, account[other].clone());
        Anonymous.post(REGISTER, &retry).expect_status(201);
    }
}

#[test]
fn concurrent_assigns_create_one_assignment() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let answers = together(MANY, |_| staff.assign(&doctor, &patient));
    assert_eq!(count(&answers, 201), 1);
    assert_eq!(count(&answers, 200), MANY - 1);
    assert!(answers.iter().all(|answer| answer.json == answers[0].json));
    assert_eq!(staff.walk(&doctors_of(&patient)).len(), 1);
    assert_eq!(staff.walk(&patients_of(&doctor)).len(), 1);
}

#[test]
fn patient_deleted_during_assign_leaves_no_assignment() {
    let staff = User::staff();
    for _ in 0..8 {
        let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
        delete_while_assigning(&staff, &patient_path(&patient), &doctor, &patient);
        staff.get(&doctors_of(&patient)).assert_problem(404, "not_found");
        assert!(staff.walk(&patients_of(&doctor)).is_empty());
    }
}

#[test]
fn doctor_deleted_during_assign_leaves_no_assignment() {
    let staff = User::staff();
    for _ in 0..8 {
        let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
        let deletion = format!("{}?force=true", doctor_path(&doctor));
        delete_while_assigning(&staff, &deletion, &doctor, &patient);
        staff.get(&patients_of(&doctor)).assert_problem(404, "not_found");
        assert!(staff.walk(&doctors_of(&patient)).is_empty());
    }
}

/// Sends sixteen requests at once: one deletes, the others assign.
fn delete_while_assigning(staff: &User, deleted: &str, doctor: &Value, patient: &Value) {
    let answers = together(16, |i| match i {
        0 => staff.delete(deleted),
        _ => staff.assign(doctor, patient),
    });
    assert_eq!(count(&answers, 204), 1);
    assert!(count(&answers, 201) <= 1);
    for answer in &answers {
        assert!(matches!(answer.status, 200 | 201 | 204 | 404), "{answer}");
    }

    staff.assign(doctor, patient).assert_problem(404, "not_found");
    eventually(
        || staff.walk("/api/doctor/mappings/?limit=100"),
        |all| {
            all.iter().all(|assignment| {
                assignment["doctor_id"] != doctor["id"] || assignment["patient_id"] != patient["id"]
            })
        },
    );
}

#[test]
fn only_one_concurrent_change_matches_the_etag() {
    let staff = User::staff();
    let path = patient_path(&staff.new_patient());
    let etag = staff.get(&path).expect_status(200).etag();
    let answers = together(MANY, |i| {
        let change = staff.request("PATCH", &path).header("if-match", &etag);
        change.json(&json!({"first_name": name(i)})).send()
    });

    assert_eq!(count(&answers, 200), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.assert_problem(412, "precondition_failed");
    }
    let now = staff.get(&path).expect_status(200).json;
    assert_eq!(now["version"], 2);
    let winner = answers.iter().position(|answer| answer.status == 200);
    assert_eq!(now["first_name"], name(winner.unwrap()));
}

#[test]
fn concurrent_changes_are_not_lost() {
    const FIELDS: [&str; 3] = ["first_name", "last_name", "address"];
    let staff = User::staff();
    let path = patient_path(&staff.new_patient());
    let answers = together(MANY, |i| {
        let field = FIELDS[i % FIELDS.len()];
        staff.patch(&path, &json!({field: name(i)}))
    });
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.assert_problem(503, "unavailable");
    }

    let now = staff.get(&path).expect_status(200).json;
    assert_eq!(now["version"], 1 + count(&answers, 200));
    // Each field has the value of one of its successful changes, not its first value.
    for (first, field) in FIELDS.into_iter().enumerate() {
        let written: Vec<String> = (first..MANY)
            .step_by(FIELDS.len())
            .filter(|i| answers[*i].status == 200)
            .map(name)
            .collect();
        let value = now[field].as_str().unwrap();
        assert!(
            written.is_empty() || written.iter().any(|written| written == value),
            "{field}: {value}"
        );
    }
}

fn name(number: usize) -> String {
    format!("Ada {number}")
}
