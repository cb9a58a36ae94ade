use std::time::Duration;

use shared::model::user::Role;
use shared::testing::{Event, Value, World, checks, json, protected, run};

use super::me;

fn event() -> Event {
    Event::of("auth-me")
}

#[test]
fn returns_the_account_of_a_pending_caller() {
    run(async |world: World| {
        let pending = world.actor(Role::Pending).await;
        let answer = world.call(protected(me), event().by(&pending)).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = answer.expect(200);
        assert_eq!(body["username"], "pending");
        assert_eq!(body["role"], "pending");
        assert_eq!((&body["doctor_id"], &body["patient_id"]), (&Value::Null, &Value::Null));
        assert!(body.get("password_hash").is_none() && body.get("epoch").is_none());
    });
}

#[test]
fn links_are_shown() {
    run(async |world: World| {
        let doctor = world.doctor_account(&world.doctor(1).await).await;
        let patient = world.patient_account(&world.patient(1).await).await;
        for (actor, role, field) in
            [(&doctor, "doctor", "doctor_id"), (&patient, "patient", "patient_id")]
        {
            let body = world.call(protected(me), event().by(actor)).await.expect(200);
            assert_eq!((&body["role"], &body[field]), (&json!(role), &json!(1)));
        }
    });
}

#[test]
fn one_row_of_the_audit_trail_names_the_account() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.call(protected(me), event().by(&staff)).await.expect(200);
        let rows = world.audit_rows().await;
        assert_eq!(rows.len(), 1);
        assert!(rows[0].facts.subjects.accounts.iter().eq([&staff.id()]));
    });
}

#[test]
fn caller_who_is_not_signed_in_is_refused() {
    run(async |world: World| world.expect_signed_in_only(protected(me), event()).await);
}

#[test]
fn token_expires_after_exactly_fifteen_minutes() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.advance(Duration::from_secs(15 * 60 - 1));
        world.call(protected(me), event().by(&staff)).await.expect(200);
        world.advance(Duration::from_secs(1));
        let answer = world.call(protected(me), event().by(&staff)).await;
        answer.expect_problem(401, "token_not_valid");
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let actor = world.actor(Role::Staff).await;
        (protected(me), event().by(&actor))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-me", &[]);
}
