//! /api/patients/: tests for patients only. records.rs has the tests for both doctors and patients.

use serde_json::json;

use crate::client::{Actor, User};
use crate::clinic::{eventually, patient, patient_path, patients_of};
use crate::json::{with, without};

const PATIENTS: &str = "/api/patients/";
const OPTIONAL: [&str; 2] = ["medical_history", "emergency_number"];

#[test]
fn medical_history_and_emergency_number_are_optional() {
    let staff = User::staff();
    for field in OPTIONAL {
        for body in [without(&patient(), field), with(&patient(), field, json!(null))] {
            let created = staff.post(PATIENTS, &body).expect_status(201).json;
            assert!(created[field].is_null(), "{created}");
        }
    }
}

#[test]
fn null_removes_an_optional_field() {
    let staff = User::staff();
    for field in OPTIONAL {
        let body = patient();
        let created = staff.post(PATIENTS, &body).expect_status(201).json;
        let path = patient_path(&created);
        assert_eq!(created[field], body[field]);

        let patched = staff.patch(&path, &json!({field: null}));
        let patched = patched.expect_status(200).json;
        assert!(patched[field].is_null(), "{patched}");
        for kept in OPTIONAL.into_iter().filter(|other| *other != field) {
            assert_eq!(patched[kept], body[kept]);
        }
    }
}

#[test]
fn put_removes_absent_optional_fields() {
    let staff = User::staff();
    for field in OPTIONAL {
        let path = patient_path(&staff.new_patient());
        let replaced = staff.put(&path, &without(&patient(), field));
        let replaced = replaced.expect_status(200).json;
        assert!(replaced[field].is_null(), "{replaced}");
    }
}

#[test]
fn two_patients_can_have_the_same_details() {
    let staff = User::staff();
    let body = patient();
    let one = staff.post(PATIENTS, &body).expect_status(201).json;
    let other = staff.post(PATIENTS, &body).expect_status(201).json;
    assert_ne!(one["id"], other["id"]);
}

#[test]
fn lists_omit_the_medical_history() {
    let staff = User::staff();
    let doctor = staff.new_doctor();
    let created = staff.new_patient();
    staff.assign(&doctor, &created).expect_status(201);

    let family = created["last_name"].as_str().unwrap();
    for path in [format!("{PATIENTS}?search={family}"), patients_of(&doctor)] {
        let listed = eventually(|| staff.walk(&path), |listed| !listed.is_empty());
        assert_eq!(listed[0]["id"], created["id"]);
        assert!(listed[0].get("medical_history").is_none(), "{path}");
    }
}

#[test]
fn values_at_their_limits_are_accepted() {
    let staff = User::staff();
    let body = json!({
        "first_name": "é".repeat(100),
        "last_name": "é".repeat(50),
        "date_of_birth": "2024-02-29",
        "gender": "Other",
        "contact_number": "+1234567890123456789",
        "address": "é".repeat(500),
        "medical_history": "é".repeat(10_000),
        "emergency_number": "+1234567890123456789",
    });
    let created = staff.post(PATIENTS, &body).expect_status(201).json;
    let got = staff.get(&patient_path(&created)).expect_status(200).json;
    assert_eq!(got["medical_history"], body["medical_history"]);
    staff.delete(&patient_path(&created)).expect_status(204);
}

#[test]
fn invalid_values_are_refused() {
    let staff = User::staff();
    let path = patient_path(&staff.new_patient());
    for (field, value) in [
        ("first_name", json!("")),
        ("first_name", json!("x".repeat(101))),
        ("last_name", json!("")),
        ("last_name", json!("x".repeat(51))),
        ("date_of_birth", json!("")),
        ("date_of_birth", json!("yesterday")),
        ("date_of_birth", json!("01/08/1990")),
        ("date_of_birth", json!("2023-02-29")),
        ("date_of_birth", json!("1990-08-01T00:00:00Z")),
        ("date_of_birth", json!("2999-01-01")),
        ("gender", json!("")),
        ("gender", json!("female")),
        ("gender", json!("Unknown")),
        ("contact_number", json!("")),
        ("contact_number", json!("call me")),
        ("contact_number", json!("+12345678901234567890")),
        ("address", json!("")),
        ("address", json!("x".repeat(501))),
        ("medical_history", json!("x".repeat(10_001))),
        ("emergency_number", json!("call me")),
        ("emergency_number", json!("+12345678901234567890")),
    ] {
        let body = with(&patient(), field, value.clone());
        staff.post(PATIENTS, &body).assert_invalid(&[field]);
        staff.put(&path, &body).assert_invalid(&[field]);
        staff.patch(&path, &json!({field: value})).assert_invalid(&[field]);
    }
}
