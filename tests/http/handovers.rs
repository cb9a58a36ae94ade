//! /api/doctors/{id}/handover/ and /api/handovers/{id}/: all patients of a doctor move to another doctor.

use std::time::Duration;

use serde_json::{Value, json};
use shared::model::timestamp::Timestamp;

use crate::client::{Actor, User};
use crate::clinic::{NOBODY, doctors_of, eventually, patient_path, patients_of};
use crate::json::{assert_contains, members};
use crate::stack;

/// The function that moves the patients.
const WORKER: &str = "handovers-run";

fn path_of(handover: &Value) -> String {
    format!("/api/handovers/{}/", handover["id"].as_str().unwrap())
}

fn handover_path(doctor: &Value) -> String {
    format!("/api/doctors/{}/handover/", doctor["id"])
}

fn ids(results: &[Value]) -> Vec<u64> {
    let mut ids: Vec<u64> = results.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// Returns the assignment of this doctor in a list of a patient's doctors.
fn assignment_of<'a>(doctor: &Value, doctors: &'a [Value]) -> &'a Value {
    let of_doctor = doctors.iter().find(|it| it["id"] == doctor["id"]);
    &of_doctor.unwrap_or_else(|| panic!("{doctor} is not listed"))["assignment"]
}

/// Its moment is tomorrow, so that nothing moves during the test.
#[test]
fn doctor_who_will_hand_over_gets_no_patient() {
    let staff = User::staff();
    let [old, new, third] = [0, 1, 2].map(|_| staff.new_doctor());
    let [patient, another] = [0, 1].map(|_| staff.new_patient());
    staff.assign(&old, &patient).expect_status(201);
    let tomorrow = Timestamp::system().plus(Duration::from_secs(24 * 60 * 60));
    let body = json!({"to_doctor_id": new["id"], "effective_at": tomorrow, "reason": "retired"});

    let answer = staff.post(&handover_path(&old), &body).expect_status(202);
    let handover = answer.json;
    let location = path_of(&handover);
    assert_eq!(
        members(&handover),
        [
            "created_at",
            "created_by",
            "effective_at",
            "finished_at",
            "from_doctor_id",
            "id",
            "left",
            "moved",
            "reason",
            "state",
            "to_doctor_id"
        ]
    );
    let expected = json!({
        "from_doctor_id": old["id"],
        "to_doctor_id": new["id"],
        "effective_at": tomorrow,
        "reason": "retired",
        "state": "scheduled",
        "moved": 0,
        "left": null,
        "created_by": staff.user["id"],
        "finished_at": null,
    });
    assert_contains(&handover, &expected);

    // The answer may have been lost.
    assert_eq!(staff.post(&handover_path(&old), &body).expect_status(202).json, handover);
    let elsewhere = json!({"to_doctor_id": third["id"]});
    staff.post(&handover_path(&old), &elsewhere).assert_problem(409, "handing_over");
    let back = json!({"to_doctor_id": old["id"]});
    staff.post(&handover_path(&new), &back).assert_problem(409, "handing_over");
    staff.assign(&old, &another).assert_problem(409, "handing_over");

    if stack::is_own() {
        stack::invoke(WORKER);
    }
    assert_eq!(staff.get(&location).expect_status(200).json, handover);
    assert_eq!(ids(&staff.walk(&patients_of(&old))), ids(&[patient]));
    assert!(staff.walk(&patients_of(&new)).is_empty());
}

#[test]
fn all_patients_move_to_the_new_doctor() {
    if !stack::is_own() {
        eprintln!("skipped: only the tests' own stack moves patients at once");
        return;
    }
    let Some(admin) = User::admin() else { return };
    let (leaving, staying) = (User::doctor(admin), User::doctor(admin));
    let [old, new] = [&leaving, &staying].map(|user| json!({"id": user.user["doctor_id"]}));
    let patients = [0, 1, 2].map(|_| admin.new_patient());
    for patient in &patients {
        admin.assign(&old, patient).expect_status(201);
    }
    // The new doctor has one of them already.
    let kept = admin.assign(&new, &patients[2]).expect_status(201).json;

    let body = json!({"to_doctor_id": new["id"]});
    let handover = admin.post(&handover_path(&old), &body).expect_status(202).json;
    let location = path_of(&handover);
    let done = eventually(
        || {
            // The work may be in the hands of another invocation, such as one by `cargo dev`.
            stack::invoke(WORKER);
            admin.get(&location).expect_status(200).json
        },
        |it| it["state"] == "done",
    );
    assert_contains(
        &done,
        &json!({"id": handover["id"], "moved": 3, "left": 0, "created_by": admin.user["id"]}),
    );
    assert!(done["finished_at"].is_string(), "{done}");

    assert!(admin.walk(&patients_of(&old)).is_empty());
    assert_eq!(ids(&admin.walk(&patients_of(&new))), ids(&patients));
    for patient in &patients {
        let now = admin.walk(&doctors_of(patient));
        assert_eq!(now.len(), 1);
        assert_eq!(assignment_of(&new, &now)["ends_at"], Value::Null);
        let history = admin.walk(&format!("{}?history=true", doctors_of(patient)));
        assert_eq!(history.len(), 2);
        assert_eq!(assignment_of(&new, &history), assignment_of(&new, &now));
        let ended = assignment_of(&old, &history);
        assert_eq!(ended["ended_by"], admin.user["id"]);
        assert!(ended["ends_at"].is_string(), "{ended}");
        leaving.get(&patient_path(patient)).assert_problem(403, "not_assigned");
        staying.get(&patient_path(patient)).expect_status(200);
    }
    let of_kept = admin.walk(&doctors_of(&patients[2]));
    assert_eq!(assignment_of(&new, &of_kept)["id"], kept["id"]);

    // The doctor may have patients again.
    admin.assign(&old, &patients[0]).expect_status(201);
}

#[test]
fn request_that_cannot_take_effect_is_refused() {
    let staff = User::staff();
    let (old, new) = (staff.new_doctor(), staff.new_doctor());
    let nobody = json!({"id": NOBODY});
    let hand_over = |from: &Value, body: Value| staff.post(&handover_path(from), &body);
    let at = |moment: &str| json!({"to_doctor_id": new["id"], "effective_at": moment});

    hand_over(&old, json!({})).assert_invalid(&["to_doctor_id"]);
    hand_over(&old, json!({"to_doctor_id": old["id"]})).assert_invalid(&["to_doctor_id"]);
    hand_over(&old, at("2000-01-01T00:00:00Z")).assert_invalid(&["effective_at"]);
    hand_over(&old, at("9000-01-01T00:00:00Z")).assert_invalid(&["effective_at"]);
    let unknown = json!({"to_doctor_id": NOBODY});
    hand_over(&old, unknown).assert_problem(404, "not_found");
    hand_over(&nobody, json!({"to_doctor_id": new["id"]})).assert_problem(404, "not_found");
    staff.get("/api/handovers/k3vXh0mAqJ1c5rB2nT9yLw/").assert_problem(404, "not_found");

    // None of them has begun.
    hand_over(&old, json!({"to_doctor_id": new["id"]})).expect_status(202);
}
