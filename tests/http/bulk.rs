//! A doctor with many patients.

use serde_json::{Value, json};

use crate::client::{Actor, User};
use crate::clinic::{doctor_path, doctors_of, eventually, patients_of};
use crate::threads::in_parallel;

const PATIENTS: usize = 1_000;
const THREADS: usize = 16;

#[test]
fn deleting_a_doctor_ends_a_thousand_assignments() {
    let staff = User::staff();
    let (doctor, colleague) = (staff.new_doctor(), staff.new_doctor());
    let patients: Vec<Value> = in_parallel(THREADS, PATIENTS, |_| {
        let patient = staff.new_patient();
        staff.assign(&doctor, &patient).expect_status(201);
        patient
    });
    staff.assign(&colleague, &patients[0]).expect_status(201);
    let listed = staff.walk(&format!("{}?limit=100", patients_of(&doctor)));
    assert_eq!(listed.len(), PATIENTS);

    staff.delete(&doctor_path(&doctor)).assert_problem(409, "has_patients");
    // A 503 means that the time ran out. The same call continues the work.
    let deletion = format!("{}?force=true", doctor_path(&doctor));
    let mut answer = staff.delete(&deletion);
    for _ in 0..10 {
        if answer.status != 503 {
            break;
        }
        answer = staff.delete(&deletion);
    }
    answer.expect_status(204);

    staff.get(&patients_of(&doctor)).assert_problem(404, "not_found");
    in_parallel(THREADS, PATIENTS - 1, |i| {
        let page = staff.get(&doctors_of(&patients[i + 1])).expect_status(200);
        assert_eq!(page.json, json!({"results": [], "next": null}));
    });
    eventually(
        || staff.walk("/api/doctor/mappings/?limit=100"),
        |all| all.iter().all(|assignment| assignment["doctor_id"] != doctor["id"]),
    );

    // The colleague's assignment still exists.
    let remaining = staff.walk(&doctors_of(&patients[0]));
    assert_eq!(remaining.len(), 1);
    assert_eq!(remaining[0]["id"], colleague["id"]);
}
