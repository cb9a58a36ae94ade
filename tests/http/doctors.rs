//! /api/doctors/: tests for doctors only. records.rs has the tests for both doctors and patients.

use serde_json::{Value, json};

use crate::client::{Actor, User};
use crate::clinic::{doctor, doctor_path, unique};
use crate::json::with;
use crate::threads::together;

const DOCTORS: &str = "/api/doctors/";

/// The fields that must be unique among doctors.
const UNIQUE: [&str; 2] = ["email", "license_number"];

#[test]
fn duplicate_email_or_licence_number_is_a_conflict() {
    let staff = User::staff();
    let (first, second) = (staff.new_doctor(), staff.new_doctor());
    for field in UNIQUE {
        let value = first[field].as_str().unwrap();
        for value in [value.to_owned(), value.to_uppercase(), value.to_lowercase()] {
            let clash = with(&doctor(), field, value.as_str());
            for refused in [
                staff.post(DOCTORS, &clash),
                staff.put(&doctor_path(&second), &clash),
                staff.patch(&doctor_path(&second), &json!({field: value})),
            ] {
                refused.assert_problem(409, "conflict");
                refused.assert_errors(&[field]);
            }
        }
    }
    let unchanged = staff.get(&doctor_path(&second)).expect_status(200).json;
    assert_eq!(unchanged, second);
}

#[test]
fn refused_doctor_does_not_reserve_its_other_value() {
    let staff = User::staff();
    let taken = staff.new_doctor();
    for field in UNIQUE {
        let body = doctor();
        let clash = with(&body, field, taken[field].clone());
        staff.post(DOCTORS, &clash).assert_problem(409, "conflict");
        staff.post(DOCTORS, &body).expect_status(201);
    }
}

#[test]
fn email_and_licence_number_of_a_deleted_doctor_are_free() {
    let staff = User::staff();
    let body = doctor();
    for _ in 0..3 {
        let created = staff.post(DOCTORS, &body).expect_status(201).json;
        staff.delete(&doctor_path(&created)).expect_status(204);
    }
}

#[test]
fn update_takes_the_new_unique_value_and_frees_the_old() {
    let staff = User::staff();
    for field in UNIQUE {
        for method in ["PUT", "PATCH"] {
            let body = doctor();
            let moving = staff.post(DOCTORS, &body).expect_status(201).json;
            let old = body[field].clone();
            let new = doctor()[field].clone();
            let change = match method {
                "PUT" => with(&body, field, new.clone()),
                _ => json!({field: new}),
            };
            let update = staff.request(method, &doctor_path(&moving));
            let updated = update.json(&change).send().expect_status(200).json;
            assert_eq!(updated[field], new);

            let refused = staff.post(DOCTORS, &with(&doctor(), field, new));
            refused.assert_problem(409, "conflict");
            refused.assert_errors(&[field]);
            staff.post(DOCTORS, &with(&doctor(), field, old)).expect_status(201);
        }
    }
}

#[test]
fn unique_value_can_change_its_case() {
    let staff = User::staff();
    let created = staff.new_doctor();
    for field in UNIQUE {
        let shouted = created[field].as_str().unwrap().to_uppercase();
        let change = json!({field: shouted});
        staff.patch(&doctor_path(&created), &change).expect_status(200);
    }
}

#[test]
fn values_at_their_limits_are_accepted() {
    let staff = User::staff();
    let longest = json!({
        "first_name": "é".repeat(100),
        "last_name": "é".repeat(100),
        "phone_number": "+1234567890123456789",
        "specialization": "é".repeat(100),
        "license_number": format!("{:x<100}", unique("LIC")),
    });
    for years in [0, 80] {
        let mut body = with(&doctor(), "years_of_experience", years);
        for (field, value) in longest.as_object().unwrap() {
            body[field] = value.clone();
        }
        let created = staff.post(DOCTORS, &body).expect_status(201).json;
        assert_eq!(created["years_of_experience"], years);
        staff.delete(&doctor_path(&created)).expect_status(204);
    }
}

#[test]
fn invalid_values_are_refused() {
    let staff = User::staff();
    let path = doctor_path(&staff.new_doctor());
    for (field, value) in [
        ("first_name", json!("x".repeat(101))),
        ("last_name", json!("x".repeat(101))),
        ("email", json!("nobody")),
        ("email", json!("")),
        ("phone_number", json!("")),
        ("phone_number", json!("call me")),
        ("phone_number", json!("+12345678901234567890")),
        ("specialization", json!("")),
        ("specialization", json!("x".repeat(101))),
        ("license_number", json!("")),
        ("license_number", json!("x".repeat(101))),
        ("years_of_experience", json!(-1)),
        ("years_of_experience", json!(81)),
        ("years_of_experience", json!(1_u64 << 63)),
    ] {
        let body = with(&doctor(), field, value.clone());
        staff.post(DOCTORS, &body).assert_invalid(&[field]);
        staff.put(&path, &body).assert_invalid(&[field]);
        staff.patch(&path, &json!({field: value})).assert_invalid(&[field]);
    }
}

#[test]
fn same_idempotency_key_creates_one_doctor() {
    let staff = User::staff();
    let (body, key) = (doctor(), unique("key"));
    let send = |body: &Value| {
        let request = staff.request("POST", "/api/doctors/").header("idempotency-key", &key);
        request.json(body).send()
    };
    let answers = together(16, |_| send(&body));
    let first = answers[0].json.clone();
    for answer in answers {
        assert_eq!(answer.expect_status(201).json, first);
    }
    send(&doctor()).assert_problem(422, "idempotency_key_reused");
    // Without the key, it is a new request.
    staff.post("/api/doctors/", &body).assert_problem(409, "conflict");
}
