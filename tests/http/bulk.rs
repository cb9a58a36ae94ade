//! A doctor with many patients.

use serde_json::{Value, json};

use crate::client::{Actor, User};
use crate::clinic::{doctor_path, doctors_of, eventually, patients_of};
use crate::threads::in_parallel;

const PATIENTS: usize = 1_000;
const THREADS: usize = 16;

#[test]
fn a_doctor_with_a_thousand_patients_is_deleted_with_a_thousand_mappings() {
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

    // 503 says that time ran out and that the same call goes on.
    let mut answer = staff.delete(&doctor_path(&doctor));
    for _ in 0..10 {
        if answer.status != 503 {
            break;
        }
        answer = staff.delete(&doctor_path(&doctor));
    }
    answer.expect_status(204);

    staff.get(&patients_of(&doctor)).assert_problem(404, "not_found");
    in_parallel(THREADS, PATIENTS - 1, |i| {
        let page = staff.get(&doctors_of(&patients[i + 1])).expect_status(200);
        assert_eq!(page.json, json!({"results": [], "next": null}));
    });
    eventually(
        || staff.walk("/api/doctor/mappings/?limit=100"),
        |all| all.iter().all(|mapping| mapping["doctor_id"] != doctor["id"]),
    );

    // A colleague's patient is still theirs.
    let remaining = staff.walk(&doctors_of(&patients[0]));
    assert_eq!(remaining.len(), 1);
    assert_eq!(remaining[0]["id"], colleague["id"]);
}
