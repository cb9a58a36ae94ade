//! /api/doctor/mappings/ and /api/doctors/{id}/patients/: assignments of doctors to patients.

use serde_json::{Value, json};

use crate::client::{Actor, User, encode};
use crate::clinic::{
    NOBODY, doctor_path, doctors_of, eventually, patient, patient_path, patients_of,
};
use crate::json::{assert_contains, members, with, without};

const MAPPINGS: &str = "/api/doctor/mappings/";

#[test]
fn assign_returns_the_assignment() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let assignment = staff.assign(&doctor, &patient).expect_status(201).json;

    assert_eq!(
        members(&assignment),
        [
            "assigned_at",
            "assigned_by",
            "doctor_id",
            "doctor_name",
            "ends_at",
            "id",
            "patient_id",
            "patient_name",
            "reason",
            "role",
            "starts_at",
            "version"
        ]
    );
    assert_eq!(assignment["doctor_id"], doctor["id"]);
    assert_eq!(assignment["doctor_name"], full_name(&doctor));
    assert_eq!(assignment["patient_id"], patient["id"]);
    assert_eq!(assignment["patient_name"], full_name(&patient));
    assert_eq!(assignment["assigned_by"], staff.user["id"]);
    assert_timestamp(&assignment["assigned_at"]);
    assert_eq!(assignment["starts_at"], assignment["assigned_at"]);
    assert_eq!(assignment["ends_at"], Value::Null);
    assert_eq!(assignment["role"], "treating");
}

#[test]
fn person_with_one_name_is_assigned_and_listed() {
    let staff = User::staff();
    let doctor = staff.new_doctor();
    for (field, name) in [("first_name", "Suharto"), ("last_name", "Sukarno")] {
        let body = with(&with(&patient(), "first_name", json!(null)), "last_name", json!(null));
        let body = with(&body, field, json!(name));
        let patient = staff.post("/api/patients/", &body).expect_status(201).json;
        let assignment = staff.assign(&doctor, &patient).expect_status(201).json;
        assert_eq!(assignment["patient_name"], name);
        eventually(|| staff.walk(MAPPINGS), |all| all.contains(&assignment));
    }
}

#[test]
fn repeated_assign_returns_the_same_assignment() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let assignment = staff.assign(&doctor, &patient).expect_status(201).json;

    for again in [staff, User::staff()] {
        let repeated = again.assign(&doctor, &patient).expect_status(200).json;
        assert_eq!(repeated, assignment);
    }
}

#[test]
fn assign_names_the_unknown_doctor_or_patient() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let nobody = json!({"id": NOBODY});

    for (answer, unknown) in
        [(staff.assign(&nobody, &patient), "doctor"), (staff.assign(&doctor, &nobody), "patient")]
    {
        answer.assert_problem(404, "not_found");
        let detail = answer.json["detail"].as_str().unwrap().to_lowercase();
        assert!(detail.contains(unknown), "{detail}");
    }
    staff.assign(&nobody, &nobody).assert_problem(404, "not_found");
}

#[test]
fn list_contains_an_assignment_until_it_is_removed() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let assignment = staff.assign(&doctor, &patient).expect_status(201).json;

    let list = format!("{MAPPINGS}?limit=100");
    eventually(|| staff.walk(&list), |all| all.contains(&assignment));

    staff.delete(&assignment_path(&doctor, &patient)).expect_status(204);
    eventually(|| staff.walk(&list), |all| !all.contains(&assignment));
}

#[test]
fn doctors_of_a_patient_have_assigned_at() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    assert_eq!(staff.walk(&doctors_of(&patient)), [] as [Value; 0]);

    let assignment = staff.assign(&doctor, &patient).expect_status(201).json;
    let doctors = staff.walk(&doctors_of(&patient));
    assert_eq!(doctors.len(), 1);
    assert_eq!(doctors[0]["assigned_at"], assignment["assigned_at"]);
    assert_eq!(doctors[0]["assignment"]["id"], assignment["id"]);
    assert_eq!(without(&without(&doctors[0], "assigned_at"), "assignment"), doctor);
}

#[test]
fn patients_of_a_doctor_have_assigned_at() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    assert_eq!(staff.walk(&patients_of(&doctor)), [] as [Value; 0]);

    let assignment = staff.assign(&doctor, &patient).expect_status(201).json;
    let patients = staff.walk(&patients_of(&doctor));
    assert_eq!(patients.len(), 1);
    assert_eq!(patients[0]["assigned_at"], assignment["assigned_at"]);
    assert_eq!(patients[0]["assignment"]["id"], assignment["id"]);
    for field in ["id", "first_name", "last_name", "date_of_birth"] {
        assert_eq!(patients[0][field], patient[field]);
    }
}

#[test]
fn both_lists_show_the_past() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let assignment = staff.assign(&doctor, &patient).expect_status(201).json;
    staff.delete(&assignment_path(&doctor, &patient)).expect_status(204);
    let start = encode(assignment["starts_at"].as_str().unwrap());
    for path in [doctors_of(&patient), patients_of(&doctor)] {
        assert_eq!(staff.walk(&path), [] as [Value; 0]);
        for past in ["history=true".to_owned(), format!("as_of={start}")] {
            let listed = staff.walk(&format!("{path}?{past}"));
            assert_eq!(listed.len(), 1, "{past}");
            assert_eq!(listed[0]["assignment"]["id"], assignment["id"]);
            assert_eq!(listed[0]["assignment"]["ended_by"], staff.user["id"]);
        }
        let both = staff.get(&format!("{path}?history=true&as_of={start}"));
        both.assert_problem(400, "invalid_query").assert_errors(&["history"]);
    }
}

#[test]
fn both_lists_return_everyone_at_any_page_size() {
    let staff = User::staff();
    let doctors: Vec<Value> = (0..3).map(|_| staff.new_doctor()).collect();
    let patients: Vec<Value> = (0..3).map(|_| staff.new_patient()).collect();
    for patient in &patients {
        staff.assign(&doctors[0], patient).expect_status(201);
    }
    for doctor in &doctors[1..] {
        staff.assign(doctor, &patients[0]).expect_status(201);
    }

    for (path, expected) in
        [(doctors_of(&patients[0]), &doctors), (patients_of(&doctors[0]), &patients)]
    {
        for limit in 1..=4 {
            let mut ids: Vec<u64> =
                staff.walk(&format!("{path}?limit={limit}")).iter().map(id).collect();
            ids.sort_unstable();
            let expected: Vec<u64> = expected.iter().map(id).collect();
            assert_eq!(ids, expected, "{path} by {limit}");
        }
    }
}

#[test]
fn assignments_show_current_names() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    staff.assign(&doctor, &patient).expect_status(201);

    let marriage = json!({"last_name": "Curie"});
    let doctor = staff.patch(&doctor_path(&doctor), &marriage);
    let doctor = doctor.expect_status(200).json;
    let patient = staff.patch(&patient_path(&patient), &marriage);
    let patient = patient.expect_status(200).json;

    let assignment = staff.assign(&doctor, &patient).expect_status(200).json;
    assert_eq!(assignment["doctor_name"], full_name(&doctor));
    assert_eq!(assignment["patient_name"], full_name(&patient));
    assert_contains(
        &staff.get(&doctors_of(&patient)).expect_status(200).json,
        &json!({"results": [marriage]}),
    );
    assert_contains(
        &staff.get(&patients_of(&doctor)).expect_status(200).json,
        &json!({"results": [marriage]}),
    );
}

#[test]
fn assignment_can_be_removed_once_by_post_or_delete() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let by_post = || {
        let body = json!({"doctor_id": doctor["id"]});
        staff.post(&remove_path(&patient), &body)
    };
    let by_delete = || staff.delete(&assignment_path(&doctor, &patient));

    staff.assign(&doctor, &patient).expect_status(201);
    assert!(by_post().expect_status(200).json["message"].is_string());
    by_post().assert_problem(404, "not_found");
    by_delete().assert_problem(404, "not_found");
    assert!(staff.walk(&doctors_of(&patient)).is_empty());
    assert!(staff.walk(&patients_of(&doctor)).is_empty());

    staff.assign(&doctor, &patient).expect_status(201);
    by_delete().expect_status(204);
    by_delete().assert_problem(404, "not_found");
    by_post().assert_problem(404, "not_found");
    assert!(staff.walk(&doctors_of(&patient)).is_empty());
    assert!(staff.walk(&patients_of(&doctor)).is_empty());
}

#[test]
fn unknown_doctor_or_patient_is_not_found() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    let nobody = json!({"id": NOBODY});
    let remove = |doctor: &Value, patient: &Value| {
        staff.post(&remove_path(patient), &json!({"doctor_id": doctor["id"]}))
    };

    for answer in [
        staff.get(&doctors_of(&nobody)),
        staff.get(&patients_of(&nobody)),
        remove(&doctor, &nobody),
        remove(&nobody, &patient),
        staff.delete(&assignment_path(&doctor, &nobody)),
        staff.delete(&assignment_path(&nobody, &patient)),
    ] {
        answer.assert_problem(404, "not_found");
    }
}

#[test]
fn deleting_a_patient_ends_its_assignments() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    staff.assign(&doctor, &patient).expect_status(201);
    staff.delete(&patient_path(&patient)).expect_status(204);

    assert!(staff.walk(&patients_of(&doctor)).is_empty());
    staff.get(&doctors_of(&patient)).assert_problem(404, "not_found");
    assert_assignment_is_gone(&staff, &doctor, &patient);
}

#[test]
fn doctor_who_has_patients_is_deleted_by_force_only() {
    let staff = User::staff();
    let (doctor, patient) = (staff.new_doctor(), staff.new_patient());
    staff.assign(&doctor, &patient).expect_status(201);
    staff.delete(&doctor_path(&doctor)).assert_problem(409, "has_patients");
    assert_eq!(staff.walk(&patients_of(&doctor)).len(), 1);
    staff.delete(&format!("{}?force=true", doctor_path(&doctor))).expect_status(204);

    assert!(staff.walk(&doctors_of(&patient)).is_empty());
    staff.get(&patients_of(&doctor)).assert_problem(404, "not_found");
    assert_assignment_is_gone(&staff, &doctor, &patient);
}

/// Asserts that no operation finds the assignment after one of the two was deleted.
fn assert_assignment_is_gone(staff: &User, doctor: &Value, patient: &Value) {
    staff.assign(doctor, patient).assert_problem(404, "not_found");
    staff.delete(&assignment_path(doctor, patient)).assert_problem(404, "not_found");
    eventually(
        || staff.walk(&format!("{MAPPINGS}?limit=100")),
        |all| {
            all.iter().all(|assignment| {
                (&assignment["doctor_id"], &assignment["patient_id"])
                    != (&doctor["id"], &patient["id"])
            })
        },
    );
}

fn remove_path(patient: &Value) -> String {
    format!("{MAPPINGS}{}/remove/", patient["id"])
}

fn assignment_path(doctor: &Value, patient: &Value) -> String {
    format!("{MAPPINGS}{}/{}/", patient["id"], doctor["id"])
}

fn id(record: &Value) -> u64 {
    record["id"].as_u64().unwrap()
}

fn full_name(person: &Value) -> String {
    let name = |field: &str| person[field].as_str().unwrap();
    format!("{} {}", name("first_name"), name("last_name"))
}

/// Asserts a time in RFC 3339, in UTC, with milliseconds.
fn assert_timestamp(value: &Value) {
    let shape: String =
        value.as_str().unwrap().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z");
}
