use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::id::{DoctorId, Id, PatientId, UserId};
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::store::{Assign, AssignmentIds, NewAssignment};
use shared::testing::emulator::AttributeValue;
use shared::testing::{Actor, Event, Handler, Value, World, checks, json, protected, run, steps};

use super::transfer;

mod trail;

fn handler() -> impl Handler {
    protected(transfer)
}

/// Returns the request to move these patients from doctor 1 to doctor 2.
fn event(patients: Value) -> Event {
    let body = json!({"patient_ids": patients, "from_doctor_id": 1, "to_doctor_id": 2, "reason": "vacation"});
    Event::of("mappings-transfer").json(body)
}

/// Creates doctors 1, 2 and 3, and patients 1, 2, …, and signs in a member of staff.
async fn clinic(world: &World, patients: u32) -> Actor {
    for n in 1..=3 {
        world.doctor(n).await;
    }
    for n in 1..=patients {
        world.patient(n).await;
    }
    world.actor(Role::Staff).await
}

/// Returns the request for an assignment of this doctor to this patient.
fn new(doctor: u64, patient: u64) -> NewAssignment {
    NewAssignment::of(AssignmentIds {
        doctor_id: DoctorId::new(doctor).unwrap(),
        patient_id: PatientId::new(patient).unwrap(),
    })
}

async fn assign(world: &World, new: NewAssignment) {
    let (store, by) = (world.app.store(), UserId::new(1).unwrap());
    let by = steps::grant::<Assign>(store, by, world.app.now(), new).await.unwrap();
    assert!(store.assignments().assign(by).await.unwrap().is_new);
}

fn later(world: &World, seconds: u64) -> Timestamp {
    world.app.now().plus(Duration::from_secs(seconds))
}

async fn results(world: &World, event: Event) -> Vec<Value> {
    let mut body = world.call(handler(), event).await.expect(200);
    body["results"].as_array_mut().unwrap().drain(..).collect()
}

/// Returns the attributes that are texts of the rows of a patient whose sort key has this prefix.
async fn rows(world: &World, patient: u64, prefix: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for row in world.rows(&format!("PATIENT#{patient:016}")).await {
        if row["sk"].as_s().unwrap().starts_with(prefix) {
            let texts = row.iter().filter_map(|(name, value)| Some((name, value.as_s().ok()?)));
            found.push(texts.map(|(name, text)| (name.clone(), json!(text))).collect());
        }
    }
    found
}

#[test]
fn new_doctor_takes_over_role_and_end() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let ends_at = Some(later(&world, 600));
        let role = Some(CareRole::Primary);
        assign(&world, NewAssignment { role, ends_at, ..new(1, 1) }).await;
        assign(&world, new(1, 2)).await;
        assign(&world, new(3, 2)).await;
        world.advance(Duration::from_secs(60));
        let found = results(&world, event(json!([1, 2])).by(&staff)).await;
        assert_eq!(
            json!(found),
            json!([{"patient_id": 1, "status": 200}, {"patient_id": 2, "status": 200}])
        );

        let now = json!(world.app.now());
        let open = rows(&world, 1, "DOCTOR#").await;
        let [open] = open.as_slice() else { panic!("{open:?}") };
        assert_eq!(open["sk"], "DOCTOR#0000000000000002");
        assert_eq!((&open["role"], &open["reason"]), (&json!("primary"), &json!("vacation")));
        assert_eq!((&open["starts_at"], &open["ends_at"]), (&now, &json!(ends_at)));
        let past = rows(&world, 1, "PAST#").await;
        let [past] = past.as_slice() else { panic!("{past:?}") };
        assert_eq!((&past["ends_at"], &past["end_reason"]), (&now, &json!("vacation")));
        assert_eq!(past["role"], "primary");

        let doctors = rows(&world, 2, "DOCTOR#").await;
        let doctors: Vec<_> = doctors.iter().map(|row| row["sk"].as_str().unwrap()).collect();
        assert_eq!(doctors.len(), 2);
        assert!(doctors.iter().all(|sk| !sk.ends_with('1')), "{doctors:?}");
        // A panel has a row for each of its patients.
        for (doctor, expected) in [(1, 0), (2, 2), (3, 1)] {
            let rows = world.rows(&format!("DOCTOR#{doctor:016}")).await;
            let panel = rows.iter().filter(|row| row.contains_key("names")).count();
            assert_eq!(panel, expected, "doctor {doctor}");
        }
    });
}

#[test]
fn patient_is_not_left_without_a_doctor_for_a_time() {
    run(async |world: World| {
        let staff = clinic(&world, 3).await;
        for patient in 1..=3 {
            assign(&world, new(1, patient)).await;
        }
        // Doctor 2 has the first patient later, the second one for a while, and the third one from now on.
        assign(&world, NewAssignment { starts_at: Some(later(&world, 60)), ..new(2, 1) }).await;
        assign(&world, NewAssignment { ends_at: Some(later(&world, 60)), ..new(2, 2) }).await;
        assign(&world, new(2, 3)).await;
        let found = results(&world, event(json!([1, 2, 3])).by(&staff)).await;
        let outcome = |result: &Value| (result["status"].clone(), result["code"].clone());
        let overlaps = (json!(409), json!("period_overlaps"));
        assert_eq!(
            found.iter().map(outcome).collect::<Vec<_>>(),
            [overlaps.clone(), overlaps, (json!(200), Value::Null)]
        );
        for (patient, doctors) in [(1, 2), (2, 2), (3, 1)] {
            assert_eq!(rows(&world, patient, "DOCTOR#").await.len(), doctors, "patient {patient}");
        }
    });
}

#[test]
fn patient_whose_deletion_is_not_finished_gets_no_doctor() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        assign(&world, new(1, 1)).await;
        let mut rows = world.emulator.rows().unwrap();
        rows.retain(|row| row["sk"] == AttributeValue::S("CARE".to_owned()));
        for row in &mut rows {
            row.insert("deleted".to_owned(), AttributeValue::BOOL(true));
        }
        world.emulator.import(rows).unwrap();
        let found = results(&world, event(json!([1])).by(&staff)).await;
        assert_eq!((&found[0]["status"], &found[0]["code"]), (&json!(404), &json!("not_found")));
    });
}

#[test]
fn assignment_that_begins_later_keeps_its_start() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        let starts_at = Some(later(&world, 600));
        assign(&world, NewAssignment { starts_at, ..new(1, 1) }).await;
        results(&world, event(json!([1])).by(&staff)).await;
        let open = rows(&world, 1, "DOCTOR#").await.remove(0);
        assert_eq!(open["sk"], "DOCTOR#0000000000000002");
        assert_eq!(open["starts_at"], json!(starts_at));
    });
}

#[test]
fn assignments_whose_period_is_over_move_to_the_past() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        assign(&world, NewAssignment { ends_at: Some(later(&world, 600)), ..new(1, 1) }).await;
        assign(&world, NewAssignment { ends_at: Some(later(&world, 60)), ..new(3, 1) }).await;
        world.advance(Duration::from_secs(60));
        results(&world, event(json!([1])).by(&staff)).await;
        let open = rows(&world, 1, "DOCTOR#").await;
        let open: Vec<_> = open.iter().map(|row| row["sk"].as_str().unwrap()).collect();
        assert_eq!(open, ["DOCTOR#0000000000000002"]);
        assert_eq!(rows(&world, 1, "PAST#").await.len(), 2);
        let ends = world.rows("ENDS#").await;
        let ends: Vec<_> = ends.iter().map(|row| row["sk"].as_s().unwrap().as_str()).collect();
        assert_eq!(ends, ["2026-01-31T12:10:00.000Z#0000000000000001"]);
    });
}

#[test]
fn doctor_who_has_the_patient_becomes_primary() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let role = Some(CareRole::Primary);
        assign(&world, NewAssignment { role, ..new(1, 1) }).await;
        assign(&world, new(1, 2)).await;
        for patient in [1, 2] {
            let role = Some(CareRole::Consulting);
            assign(&world, NewAssignment { role, ..new(2, patient) }).await;
        }
        world.advance(Duration::from_secs(60));
        results(&world, event(json!([1, 2])).by(&staff)).await;
        for (patient, role) in [(1, "primary"), (2, "consulting")] {
            let open = rows(&world, patient, "DOCTOR#").await;
            let [open] = open.as_slice() else { panic!("{open:?}") };
            assert_eq!(open["sk"], "DOCTOR#0000000000000002");
            assert_eq!(
                (&open["role"], &open["starts_at"]),
                (&json!(role), &json!("2026-01-31T12:00:00.000Z"))
            );
            assert_eq!(rows(&world, patient, "PAST#").await.len(), 1);
        }
    });
}

#[test]
fn second_primary_doctor_is_refused_for_that_patient_only() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let (role, at) = (Some(CareRole::Primary), Some(later(&world, 600)));
        assign(&world, NewAssignment { role, ends_at: at, ..new(1, 1) }).await;
        assign(&world, NewAssignment { role, starts_at: at, ..new(3, 1) }).await;
        assign(&world, new(2, 1)).await;
        assign(&world, new(1, 2)).await;
        let found = results(&world, event(json!([1, 2])).by(&staff)).await;
        assert_eq!(
            (&found[0]["status"], &found[0]["code"]),
            (&json!(409), &json!("primary_taken"))
        );
        assert_eq!(found[1]["status"], 200);
        assert_eq!(rows(&world, 1, "DOCTOR#").await.len(), 3);
        assert!(rows(&world, 1, "PAST#").await.is_empty());
    });
}

#[test]
fn patient_whom_the_old_doctor_does_not_have_is_404() {
    run(async |world: World| {
        let staff = clinic(&world, 3).await;
        assign(&world, NewAssignment { ends_at: Some(later(&world, 60)), ..new(1, 1) }).await;
        assign(&world, new(1, 3)).await;
        world.advance(Duration::from_secs(60));
        let found = results(&world, event(json!([1, 2, 3, 4])).by(&staff)).await;
        let status: Vec<_> =
            found.iter().map(|result| result["status"].as_u64().unwrap()).collect();
        assert_eq!(status, [404, 404, 200, 404]);
        assert_eq!(found[0]["code"], "not_found");
        assert_eq!(found[1]["detail"], "There is no assignment of doctor 1 to patient 2.");
        // Once more: the answer was lost.
        let again = results(&world, event(json!([3])).by(&staff)).await;
        assert_eq!(again[0]["status"], 404);
    });
}

#[test]
fn doctor_who_hands_over_gives_patients_and_gets_none() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let (doctor, other) = (world.doctor(4).await, world.doctor(5).await);
        assign(&world, new(1, 1)).await;
        assign(&world, new(4, 2)).await;
        world.hand_over(&doctor, &other).await;
        let to = event(json!([1])).with(json!({"to_doctor_id": 4})).by(&staff);
        world.call(handler(), to).await.expect_problem(409, "handing_over");
        assert_eq!(rows(&world, 1, "DOCTOR#").await[0]["sk"], "DOCTOR#0000000000000001");
        let from = event(json!([2])).with(json!({"from_doctor_id": 4})).by(&staff);
        assert_eq!(results(&world, from).await[0]["status"], 200);
    });
}

#[test]
fn missing_new_doctor_is_404() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        assign(&world, new(1, 1)).await;
        let event = event(json!([1])).with(json!({"to_doctor_id": 9})).by(&staff);
        let problem = world.call(handler(), event).await.expect_problem(404, "not_found");
        assert_eq!(problem["detail"], "There is no doctor 9.");
    });
}

#[test]
fn body_names_two_doctors_and_from_1_to_50_patients() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        assign(&world, new(1, 1)).await;
        let many: Vec<u64> = (1..=51).collect();
        let number = "must have from 1 to 50 items";
        for (fields, field, problem) in [
            (json!({"patient_ids": []}), "patient_ids", number),
            (json!({"patient_ids": many}), "patient_ids", number),
            (json!({"patient_ids": [1, 2, 1]}), "patient_ids", "must not have an id twice"),
            (
                json!({"patient_ids": [1, 0]}),
                "patient_ids",
                "item 2: must be a positive integer of at most 9007199254740991",
            ),
            (json!({"to_doctor_id": 1}), "to_doctor_id", "must differ from from_doctor_id"),
            (json!({"role": "primary"}), "role", "is not a field of this request"),
        ] {
            let event = event(json!([1])).with(fields).by(&staff);
            let body = world.call(handler(), event).await.expect_problem(400, "invalid_body");
            assert_eq!(body["errors"], json!({field: [problem]}));
        }
        assert!(rows(&world, 1, "PAST#").await.is_empty());
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event(json!([1])));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = clinic(world, 1).await;
        assign(world, new(1, 1)).await;
        (handler(), event(json!([1])).by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-transfer", &[]);
}
