//! The six calls that the product's requirements name.

use serde_json::json;

use crate::client::{Actor, Anonymous, Bearer, User};
use crate::clinic::{eventually, unique, unique_email};

#[test]
fn six_required_calls_work() {
    // Another user has created a doctor and a patient.
    let colleague = User::staff();
    let doctor_id = colleague.new_doctor()["id"].as_u64().unwrap();
    let patient_id = colleague.new_patient()["id"].as_u64().unwrap();

    // POST /api/auth/register/: user details and a success message.
    let (username, email) = (unique("alice"), unique_email());
    let password = "correct horse, battery staple";
    let registered = Anonymous
        .post(
            "/api/auth/register/",
            &json!({"username": username, "email": email, "password": password}),
        )
        .expect_status(201)
        .json;
    assert_eq!(registered["user"]["username"], username);
    assert_eq!(registered["user"]["email"], email);
    assert!(registered["message"].is_string());

    // POST /api/auth/login/: a JWT access token.
    let login = Anonymous
        .post("/api/auth/login/", &json!({"username": username, "password": password}))
        .expect_status(200)
        .json;
    let alice = Bearer(login["access"].as_str().unwrap());

    // POST /api/doctor/mappings/: the details of the created assignment.
    let assignment = alice
        .post("/api/doctor/mappings/", &json!({"doctor_id": doctor_id, "patient_id": patient_id}))
        .expect_status(201)
        .json;
    assert_eq!(assignment["doctor_id"], doctor_id);
    assert_eq!(assignment["patient_id"], patient_id);

    // GET /api/doctor/mappings/: all assignments.
    eventually(
        || alice.walk("/api/doctor/mappings/"),
        |assignments| assignments.contains(&assignment),
    );

    // GET /api/doctor/mappings/<patient_id>/: the doctors assigned to that patient.
    let doctors = alice.get(&format!("/api/doctor/mappings/{patient_id}/")).expect_status(200).json;
    assert_eq!(doctors["results"][0]["id"], doctor_id);

    // POST /api/doctor/mappings/<patient_id>/remove/: a success message.
    let removed = alice
        .post(
            &format!("/api/doctor/mappings/{patient_id}/remove/"),
            &json!({"doctor_id": doctor_id}),
        )
        .expect_status(200)
        .json;
    assert!(removed["message"].is_string());
}
