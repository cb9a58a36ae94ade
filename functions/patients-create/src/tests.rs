use shared::model::patient::PatientDetails;
use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, checks, json, run};

use super::create;

fn event() -> Event {
    Event::of("patients-create")
}

#[test]
fn adds_a_patient_with_its_first_version() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let answer = world.call(signed_in(create), event().by(&staff)).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        let body = answer.expect(201);
        assert_eq!((&body["id"], &body["version"]), (&json!(1), &json!(1)));
        assert_eq!(body["date_of_birth"], "1985-04-12");
        assert_eq!(body["medical_history"], "Asthma since childhood. Allergic to penicillin.");
    });
}

#[test]
fn history_and_emergency_number_are_optional() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event =
            event().with(json!({"medical_history": null, "emergency_number": null})).by(&staff);
        let body = world.call(signed_in(create), event).await.expect(201);
        assert!(body.get("medical_history").is_none() && body.get("emergency_number").is_none());
    });
}

#[test]
fn the_body_must_be_a_json_object() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().by(&staff);
        for body in ["", " ", "[]", "null", "\"x\"", "7", "{", "{\"a\":1e400}", &"[".repeat(300)] {
            let event = event.clone().text(body);
            world.call(signed_in(create), event).await.expect_problem(400, "invalid_body");
        }
        let large = event.clone().text(&" ".repeat(64 * 1024 + 1));
        world.call(signed_in(create), large).await.expect_problem(413, "payload_too_large");
        for media_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]
        {
            let event = event.clone().header("content-type", media_type);
            let answer = world.call(signed_in(create), event).await;
            answer.expect_problem(415, "unsupported_media_type");
        }
        let absent = event.clone().without_header("content-type");
        world.call(signed_in(create), absent).await.expect(201);
        let charset = event.header("content-type", "Application/JSON; charset=utf-8");
        world.call(signed_in(create), charset).await.expect(201);
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(signed_in(create), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(signed_in(create), event(), false);
}

#[test]
fn the_same_key_and_body_are_answered_in_the_same_way() {
    checks::create::the_same_key_and_body_are_answered_in_the_same_way::<PatientDetails>(
        signed_in(create),
    );
}

#[test]
fn the_same_key_with_another_body_is_refused() {
    checks::create::the_same_key_with_another_body_is_refused::<PatientDetails>(signed_in(create));
}

#[test]
fn a_key_is_spent_by_success_alone_and_for_a_day() {
    checks::create::a_key_is_spent_by_success_alone_and_for_a_day::<PatientDetails>(signed_in(
        create,
    ));
}

#[test]
fn what_is_no_key_is_named() {
    checks::create::what_is_no_key_is_named::<PatientDetails>(signed_in(create));
}

#[test]
fn a_key_remembers_nothing_of_anybody() {
    checks::create::a_key_remembers_nothing_of_anybody::<PatientDetails>(signed_in(create));
}

#[test]
fn survives_a_dynamodb_that_fails_with_a_key() {
    let event = event();
    checks::survives_faults_at_work(
        signed_in(create),
        event.header("idempotency-key", "a key"),
        false,
    );
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
