use std::time::Duration;

use shared::model::user::Role;
use shared::testing::{Event, Handler, World, checks, json, protected, run};

use super::assign;

fn handler() -> impl Handler {
    protected(assign)
}

fn event() -> Event {
    Event::of("mappings-assign")
}

#[test]
fn repeated_assignment_returns_the_first_one() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let assignment = json!({
            "doctor_id": doctor.id, "doctor_name": "Grace Okafor 001",
            "patient_id": patient.id, "patient_name": "Jane Roe 001",
            "assigned_at": "2026-01-31T12:00:00.000Z", "assigned_by": staff.id(),
        });
        let event = event().by(&staff);
        assert_eq!(world.call(handler(), event.clone()).await.expect(201), assignment);
        world.advance(Duration::from_secs(60));
        assert_eq!(world.call(handler(), event).await.expect(200), assignment);
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
