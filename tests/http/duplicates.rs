//! Patients that may be the same person: before and after one of them is created.

use serde_json::{Value, json};

use crate::client::{Actor, User};
use crate::clinic::{patient, patient_path, unique, unique_digits, unique_phone, unique_word};
use crate::json::{members, with, without};

const PATIENTS: &str = "/api/patients/";
const DUPLICATES: &str = "/api/patients/duplicates/";

const NONE: [u64; 0] = [];

/// Returns a patient that no other patient resembles.
fn lone_patient() -> Value {
    let body = with(&patient(), "last_name", unique_word());
    let body = with(&body, "contact_number", unique_phone());
    with(&body, "emergency_number", unique_phone())
}

#[track_caller]
fn created(staff: &User, body: &Value) -> Value {
    staff.post(PATIENTS, body).expect_status(201).json
}

/// Returns the ids of the patients that may be the same person.
fn ids(answer: &Value) -> Vec<u64> {
    let found = answer["possible_duplicates"].as_array().unwrap();
    found.iter().map(|patient| patient["id"].as_u64().unwrap()).collect()
}

#[test]
fn patient_without_a_resemblance_has_no_duplicates() {
    let staff = User::staff();
    let body = lone_patient();
    let check = json!({"first_name": body["first_name"], "last_name": body["last_name"]});
    let answer = staff.post(DUPLICATES, &check).expect_status(200).json;
    assert_eq!(answer, json!({"possible_duplicates": []}));
    assert_eq!(created(&staff, &body)["possible_duplicates"], json!([]));
}

#[test]
fn same_name_and_a_date_that_may_be_equal_are_a_possible_duplicate() {
    let staff = User::staff();
    let word = unique_word();
    let mut body = lone_patient();
    body["first_name"] = json!("José María");
    body["last_name"] = json!(format!("García {word}"));
    body["date_of_birth"] = json!("1985-04-12");
    let first = created(&staff, &body);

    let upper = word.to_uppercase();
    for (name, date, matches) in [
        (
            json!({"first_name": "jose maria", "last_name": format!("GARCIA {word}")}),
            json!("1985-04"),
            true,
        ),
        (
            json!({"first_name": format!("Garcia-{upper}"), "last_name": "Jose Maria"}),
            json!("1985"),
            true,
        ),
        (json!({"last_name": format!("jose maria garcia {word}")}), Value::Null, true),
        (
            json!({"first_name": "José María", "last_name": format!("García {word}")}),
            json!("1985-04-13"),
            false,
        ),
        (
            json!({"first_name": "José", "last_name": format!("García {word}")}),
            json!("1985-04-12"),
            false,
        ),
    ] {
        let check = with(&name, "date_of_birth", date);
        let answer = staff.post(DUPLICATES, &check).expect_status(200).json;
        let expected = if matches { vec![first["id"].as_u64().unwrap()] } else { vec![] };
        assert_eq!(ids(&answer), expected, "{check}");
    }
}

#[test]
fn same_former_name_number_or_identifier_is_a_possible_duplicate() {
    let staff = User::staff();
    let (former, value) = (unique_word(), unique_digits());
    let mut body = lone_patient();
    body["former_names"] = json!([format!("Jane {former}")]);
    body["identifiers"] = json!([{"system": "MRN", "value": value}]);
    let first = created(&staff, &body);
    let id = first["id"].as_u64().unwrap();
    for check in [
        json!({"first_name": "Jane", "last_name": former}),
        json!({"former_names": [format!("{former} jane")]}),
        json!({"contact_number": body["emergency_number"]}),
        json!({"emergency_number": body["contact_number"]}),
        json!({"identifiers": [{"system": "mrn", "value": value}]}),
    ] {
        let answer = staff.post(DUPLICATES, &check).expect_status(200).json;
        assert_eq!(ids(&answer), [id], "{check}");
        let found = &answer["possible_duplicates"][0];
        assert_eq!(members(found), ["date_of_birth", "first_name", "id", "last_name"]);
        assert_eq!(found["last_name"], body["last_name"]);
    }
    for check in [
        json!({"contact_number": unique_phone()}),
        json!({"identifiers": [{"system": "SSN", "value": value}]}),
        json!({}),
    ] {
        let answer = staff.post(DUPLICATES, &check).expect_status(200).json;
        assert_eq!(ids(&answer), NONE, "{check}");
    }
}

#[test]
fn create_names_at_most_ten_others_and_is_never_refused() {
    let staff = User::staff();
    let body = lone_patient();
    let mut earlier = Vec::new();
    for number in 0..12 {
        let created = created(&staff, &body);
        let id = created["id"].as_u64().unwrap();
        let found = ids(&created);
        assert_eq!(found.len(), number.min(10), "{created}");
        assert!(found.iter().all(|id| earlier.contains(id)), "{created}");
        earlier.push(id);
        let got = staff.get(&patient_path(&created)).expect_status(200).json;
        assert_eq!(got, without(&created, "possible_duplicates"));
    }
}

#[test]
fn repeated_request_names_the_same_patients() {
    let staff = User::staff();
    let (body, key) = (lone_patient(), unique("key"));
    let first = created(&staff, &body)["id"].as_u64().unwrap();
    let send = || {
        let request = staff.request("POST", PATIENTS).header("idempotency-key", &key);
        request.json(&body).send().expect_status(201).json
    };
    let answer = send();
    assert_eq!(ids(&answer), [first]);
    // Later patients do not change the answer.
    created(&staff, &body);
    assert_eq!(send(), answer);
}

#[test]
fn invalid_fields_of_a_check_are_named() {
    let staff = User::staff();
    let body = json!({
        "first_name": 7, "date_of_birth": "yesterday", "contact_number": "call me",
        "identifiers": [{"system": "MRN"}], "address": "12 Elm Street",
    });
    staff.post(DUPLICATES, &body).assert_invalid(&[
        "address",
        "contact_number",
        "date_of_birth",
        "first_name",
        "identifiers",
    ]);
}
