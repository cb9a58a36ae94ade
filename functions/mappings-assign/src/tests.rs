use std::time::Duration;

use shared::model::doctor::DoctorDetails;
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::user::Role;
use shared::testing::{Actor, Event, Handler, Value, World, checks, json, protected, run, steps};

use super::assign;

fn handler() -> impl Handler {
    protected(assign)
}

fn event() -> Event {
    Event::of("mappings-assign")
}

/// Creates doctors 1, 2, … and patient 1, and signs in a member of staff.
async fn clinic(world: &World, doctors: u32) -> Actor {
    for n in 1..=doctors {
        world.doctor(n).await;
    }
    world.patient(1).await;
    world.actor(Role::Staff).await
}

/// Returns the request to assign a doctor to patient 1, with these fields besides.
fn assigning(actor: &Actor, doctor: u32, fields: Value) -> Event {
    event().json(json!({"doctor_id": doctor, "patient_id": 1})).with(fields).by(actor)
}

/// Returns the moment that is later by so many seconds.
fn later(world: &World, seconds: u64) -> String {
    world.app.now().plus(Duration::from_secs(seconds)).to_string()
}

/// Returns the sort keys with this prefix in the partitions of doctors or patients.
async fn sort_keys(world: &World, partitions: &str, prefix: &str) -> Vec<String> {
    let rows = world.rows(partitions).await;
    let mut keys: Vec<String> = rows.iter().map(|row| row["sk"].as_s().unwrap().clone()).collect();
    keys.retain(|key| key.starts_with(prefix));
    keys
}

#[test]
fn repeated_assignment_returns_the_first_one() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let now = "2026-01-31T12:00:00.000Z";
        let mut assignment = json!({
            "doctor_id": doctor.id, "doctor_name": "Grace Okafor 001",
            "patient_id": patient.id, "patient_name": "Jane Roe 001",
            "role": "treating", "starts_at": now, "ends_at": null, "reason": null,
            "assigned_at": now, "assigned_by": staff.id(), "version": 1,
        });
        let event = event().by(&staff);
        let made = world.call(handler(), event.clone()).await.expect(201);
        assert!(made["id"].as_str().is_some_and(|id| !id.is_empty()));
        assignment["id"] = made["id"].clone();
        assert_eq!(made, assignment);
        world.advance(Duration::from_secs(60));
        assert_eq!(world.call(handler(), event).await.expect(200), assignment);
        assert_eq!(sort_keys(&world, "PATIENT#", "DOCTOR#").await.len(), 1);
        assert_eq!(sort_keys(&world, "DOCTOR#", "NAME#").await.len(), 1);
    });
}

#[test]
fn assignment_has_a_role_a_period_and_a_reason() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        let terms = json!({
            "role": "primary", "starts_at": "2026-02-01T01:00:00+01:00",
            "ends_at": "2026-03-01T00:00:00.0009Z", "reason": "vacation",
        });
        let event = assigning(&staff, 1, terms);
        let made = world.call(handler(), event.clone()).await.expect(201);
        assert_eq!(made["role"], "primary");
        assert_eq!(made["starts_at"], "2026-02-01T00:00:00.000Z");
        assert_eq!(made["ends_at"], "2026-03-01T00:00:00.000Z");
        assert_eq!(made["reason"], "vacation");

        // Nothing that the request names differs.
        for fields in [json!({}), json!({"role": "primary"}), json!({"ends_at": made["ends_at"]})] {
            let same = assigning(&staff, 1, fields);
            assert_eq!(world.call(handler(), same).await.expect(200), made);
        }
        for fields in [
            json!({"role": "treating"}),
            json!({"starts_at": later(&world, 60)}),
            json!({"ends_at": "2026-04-01T00:00:00Z"}),
        ] {
            let other = assigning(&staff, 1, fields);
            world.call(handler(), other).await.expect_problem(409, "period_overlaps");
        }
    });
}

#[test]
fn repeated_assignment_returns_the_first_one_after_its_start() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        let event = assigning(&staff, 1, json!({"starts_at": later(&world, 60)}));
        let made = world.call(handler(), event.clone()).await.expect(201);
        world.advance(Duration::from_secs(120));
        assert_eq!(world.call(handler(), event).await.expect(200), made);
    });
}

#[test]
fn period_lies_in_the_future() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        let (now, soon) = (later(&world, 0), later(&world, 60));
        let no_time = "must be a time with an offset, such as 2026-01-31T09:30:00Z or \
            2026-01-31T10:30:00+01:00";
        for (fields, field, problem) in [
            (
                json!({"starts_at": "2026-01-31T11:59:59.999Z"}),
                "starts_at",
                "must not be in the past",
            ),
            (json!({"ends_at": now}), "ends_at", "must be in the future"),
            (json!({"ends_at": soon, "starts_at": soon}), "ends_at", "must be after starts_at"),
            (json!({"starts_at": "2026-02-01T12:00:00"}), "starts_at", no_time),
            (json!({"ends_at": "2027-02-01"}), "ends_at", no_time),
            (json!({"ends_at": 7}), "ends_at", "must be a string"),
            (json!({"role": "nurse"}), "role", "must be one of primary, treating, consulting"),
            (
                json!({"reason": "Moved away"}),
                "reason",
                "must be a code of at most 40 of the characters a-z, 0-9, - and _, such as vacation",
            ),
        ] {
            let answer = world.call(handler(), assigning(&staff, 1, fields)).await;
            let body = answer.expect_problem(400, "invalid_body");
            assert_eq!(body["errors"], json!({field: [problem]}));
        }
        let now = assigning(&staff, 1, json!({"starts_at": now, "ends_at": null, "role": null}));
        world.call(handler(), now).await.expect(201);
    });
}

#[test]
fn patient_has_one_primary_doctor_at_a_time() {
    run(async |world: World| {
        let staff = clinic(&world, 3).await;
        let primary = |doctor, fields: Value| {
            assigning(&staff, doctor, fields).with(json!({"role": "primary"}))
        };
        let end = later(&world, 60);
        let first = primary(1, json!({"ends_at": end}));
        world.call(handler(), first).await.expect(201);
        for fields in [json!({}), json!({"starts_at": later(&world, 59)})] {
            let answer = world.call(handler(), primary(2, fields)).await;
            answer.expect_problem(409, "primary_taken");
        }
        world.call(handler(), primary(2, json!({"starts_at": end}))).await.expect(201);
        let other = assigning(&staff, 3, json!({"role": "consulting"}));
        world.call(handler(), other).await.expect(201);
    });
}

#[test]
fn patient_has_at_most_20_doctors() {
    run(async |world: World| {
        let staff = clinic(&world, 21).await;
        for doctor in 1..=20 {
            world.call(handler(), assigning(&staff, doctor, json!({}))).await.expect(201);
        }
        let answer = world.call(handler(), assigning(&staff, 21, json!({}))).await;
        answer.expect_problem(409, "too_many_doctors");
        assert_eq!(sort_keys(&world, "PATIENT#", "DOCTOR#").await.len(), 20);
    });
}

#[test]
fn assignment_whose_period_is_over_moves_to_the_past() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let bounded = |doctor| assigning(&staff, doctor, json!({"ends_at": later(&world, 60)}));
        let first = world.call(handler(), bounded(1)).await.expect(201);
        world.call(handler(), bounded(2)).await.expect(201);
        world.advance(Duration::from_secs(60));
        let again = world.call(handler(), assigning(&staff, 1, json!({}))).await.expect(201);
        assert_ne!(again["id"], first["id"]);
        assert_eq!(sort_keys(&world, "PATIENT#", "DOCTOR#").await, ["DOCTOR#0000000000000001"]);
        assert_eq!(sort_keys(&world, "DOCTOR#", "NAME#").await.len(), 1);
        for partitions in ["PATIENT#", "DOCTOR#"] {
            assert_eq!(
                sort_keys(&world, partitions, "PAST#2026-01-31T12:01:00.000Z#").await.len(),
                2
            );
        }
    });
}

#[test]
fn assignment_costs_at_most_16_write_units() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        world.calls.take_cost();
        world.call(handler(), event().by(&staff)).await.expect(201);
        let cost = world.calls.take_cost();
        assert!((1.0..=16.0).contains(&cost.writes), "{cost:?}");
    });
}

#[test]
fn deleted_doctor_or_patient_is_not_assigned() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        world.call(handler(), assigning(&staff, 1, json!({}))).await.expect(201);
        let (store, now, any) = (world.app.store(), world.app.now(), Preconditions::NONE);
        let doctor = world.doctor(3).await;
        steps::delete::<DoctorDetails>(store, doctor.id, &any, now, || false).await.unwrap();
        let answer = world.call(handler(), assigning(&staff, 3, json!({}))).await;
        let problem = answer.expect_problem(404, "not_found");
        assert_eq!(problem["detail"], "There is no doctor 3.");
        let patient = world.patient(2).await;
        steps::delete::<PatientDetails>(store, patient.id, &any, now, || false).await.unwrap();
        let event = assigning(&staff, 2, json!({"patient_id": patient.id}));
        let problem = world.call(handler(), event).await.expect_problem(404, "not_found");
        assert_eq!(problem["detail"], "There is no patient 2.");
    });
}

#[test]
fn doctor_who_hands_over_gets_no_patient() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        let (doctor, other) = (world.doctor(2).await, world.doctor(3).await);
        world.hand_over(&doctor, &other).await;
        let answer = world.call(handler(), assigning(&staff, 2, json!({}))).await;
        answer.expect_problem(409, "handing_over");
        let in_a_minute = json!({"starts_at": later(&world, 60)});
        let answer = world.call(handler(), assigning(&staff, 2, in_a_minute)).await;
        answer.expect_problem(409, "handing_over");
        for doctor in [1, 3] {
            world.call(handler(), assigning(&staff, doctor, json!({}))).await.expect(201);
        }
    });
}

#[test]
fn missing_doctor_or_patient_is_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().by(&staff);
        let detail = async || {
            let answer = world.call(handler(), event.clone()).await;
            answer.expect_problem(404, "not_found")["detail"].as_str().unwrap().to_owned()
        };
        assert_eq!(detail().await, "There is no doctor 1 and no patient 1.");
        world.doctor(1).await;
        assert_eq!(detail().await, "There is no patient 1.");
        let patient = event.clone().json(json!({"doctor_id": 2, "patient_id": 1}));
        world.patient(1).await;
        let problem = world.call(handler(), patient).await.expect_problem(404, "not_found");
        assert_eq!(problem["detail"], "There is no doctor 2.");
    });
}

#[test]
fn ids_must_be_positive_integers() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        for id in [
            "\"1\"",
            "\"abc\"",
            "0",
            "-1",
            "1.5",
            "9007199254740992",
            "9223372036854775808",
            "null",
            "true",
            "[]",
            "{}",
        ] {
            let body = format!(r#"{{"doctor_id": {id}, "patient_id": {id}}}"#);
            let event = event().text(&body).by(&staff);
            let problem = world.call(handler(), event).await.expect_problem(400, "invalid_body");
            assert_eq!(problem["errors"].as_object().unwrap().len(), 2, "{id}: {problem}");
        }
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-assign", &[]);
}
