//! /api/patients/: tests for patients only. records.rs has the tests for both doctors and patients.

use serde_json::json;

use crate::client::{Actor, User};
use crate::clinic::{eventually, patient, patient_path, patients_of, unique};
use crate::json::{assert_contains, with, without};

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
        "last_name": "é".repeat(100),
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
        ("first_name", json!("x".repeat(101))),
        ("last_name", json!("x".repeat(101))),
        ("date_of_birth", json!("yesterday")),
        ("date_of_birth", json!("01/08/1990")),
        ("date_of_birth", json!("2023-02-29")),
        ("date_of_birth", json!("1990-08-01T00:00:00Z")),
        ("date_of_birth", json!("2999-01-01")),
        ("date_of_birth", json!("1990-13")),
        ("date_of_birth", json!("1850")),
        ("date_of_birth_estimated", json!("yes")),
        ("deceased_at", json!("2999")),
        ("deceased_at", json!("1989-12-31")),
        ("deceased_at", json!("at night")),
        ("former_names", json!("Jane Doe")),
        ("former_names", json!(["x".repeat(101)])),
        ("former_names", json!(["a", "b", "c", "d", "e", "f"])),
        ("identifiers", json!([{"system": "MRN"}])),
        ("identifiers", json!([{"system": "MRN", "value": "1"}, {"system": "mrn", "value": "2"}])),
        ("contact_number_display", json!("+1 202-555-0147")),
        ("gender", json!("")),
        ("gender", json!("female")),
        ("contact_number", json!("call me")),
        ("contact_number", json!("+12345678901234567890")),
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

#[test]
fn unknown_facts_are_null_and_stay_so() {
    let staff = User::staff();
    let unknown = json!({
        "first_name": null,
        "last_name": unique("Kasih"),
        "former_names": ["Kasih Before"],
        "date_of_birth": "1962",
        "date_of_birth_estimated": true,
        "gender": "Unknown",
        "contact_number": null,
        "address": null,
    });
    let created = staff.post(PATIENTS, &unknown).expect_status(201).json;
    assert_contains(&created, &unknown);
    assert_eq!(created["identifiers"], json!([]));
    for absent in ["deceased_at", "medical_history", "emergency_number", "contact_number_display"] {
        assert!(created.get(absent).is_none(), "{created}");
    }
    let got = staff.get(&patient_path(&created)).expect_status(200).json;
    assert_eq!(got, without(&created, "possible_duplicates"));

    // The answer's details are a valid body.
    let replaced = staff.put(&patient_path(&created), &unknown).expect_status(200).json;
    assert_contains(&replaced, &unknown);
}

#[test]
fn empty_text_in_an_optional_field_is_null() {
    let staff = User::staff();
    let mut body = patient();
    for (field, blank) in [
        ("first_name", ""),
        ("date_of_birth", " "),
        ("contact_number", ""),
        ("address", "\n"),
        ("medical_history", ""),
        ("emergency_number", "  "),
    ] {
        body[field] = json!(blank);
    }
    let created = staff.post(PATIENTS, &body).expect_status(201).json;
    for field in ["first_name", "date_of_birth", "contact_number", "address"] {
        assert_eq!(created.get(field), Some(&json!(null)), "{created}");
    }
    assert!(created.get("medical_history").is_none(), "{created}");

    let nameless = with(&with(&body, "last_name", ""), "first_name", json!(null));
    staff.post(PATIENTS, &nameless).assert_invalid(&["first_name", "last_name"]);
    let path = patient_path(&created);
    staff.patch(&path, &json!({"last_name": null})).assert_invalid(&["first_name", "last_name"]);
}

#[test]
fn known_facts_are_returned_as_they_are() {
    let staff = User::staff();
    let facts = json!({
        "former_names": ["Henrietta Pleasant"],
        "date_of_birth": "1920-08",
        "date_of_birth_estimated": false,
        "deceased_at": "1951-10-04",
        "identifiers": [{"system": "MRN", "value": "00012345"}],
    });
    let mut body = patient();
    for (field, value) in facts.as_object().unwrap() {
        body[field] = value.clone();
    }
    let created = staff.post(PATIENTS, &body).expect_status(201).json;
    assert_contains(&created, &body);

    let path = patient_path(&created);
    let cleared = json!({"former_names": null, "identifiers": null, "deceased_at": null, "date_of_birth": null});
    let patched = staff.patch(&path, &cleared).expect_status(200).json;
    assert_eq!((&patched["former_names"], &patched["identifiers"]), (&json!([]), &json!([])));
    assert!(
        patched["date_of_birth"].is_null() && patched.get("deceased_at").is_none(),
        "{patched}"
    );
}

#[test]
fn numbers_are_read_as_people_write_them() {
    let staff = User::staff();
    for (written, number, display) in [
        ("+1 (202) 555-0147", "+12025550147", "+1 202-555-0147"),
        ("+1 202 555 0147 ext. 12", "+12025550147;ext=12", "…"),
        ("+44 (0)20 7946 0123", "+442079460123", "+44 20 7946 0123"),
        ("112", "112", "112"),
    ] {
        let body = with(&patient(), "contact_number", written);
        let created = staff.post(PATIENTS, &body).expect_status(201).json;
        let expected = json!({"contact_number": number, "contact_number_display": display});
        assert_contains(&created, &expected);
    }
}
