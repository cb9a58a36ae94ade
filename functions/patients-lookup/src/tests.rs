use std::time::Duration;

use shared::model::patient::{Patient, PatientDetails};
use shared::model::user::Role;
use shared::records;
use shared::testing::{
    Actor, Answer, Event, Handler, RECORD_SETTINGS, Value, World, checks, json, protected,
    protected_with, run, together,
};

use super::look_up;

/// Look-ups of one account in an hour.
const LIMIT: usize = 20;

fn handler() -> impl Handler {
    protected(look_up)
}

/// Asks for the first sample.
fn event() -> Event {
    Event::of("patients-lookup")
}

async fn ask(world: &World, by: &Actor, fields: Value) -> Answer {
    world.call(handler(), event().with(fields).by(by)).await
}

/// Changes a patient on behalf of an account.
async fn change(world: &World, by: &Actor, patient: &Patient, fields: Value) {
    let event = Event::of("patients-update").without_policy().path_parameter("id", patient.id);
    let handler = protected_with(RECORD_SETTINGS, records::update::<PatientDetails>);
    world.call(handler, event.json(fields).by(by)).await.expect(200);
}

#[test]
fn doctor_gets_the_ids_of_strangers_and_nothing_else() {
    run(async |world: World| {
        let doctor = world.doctor_account(&world.doctor(1).await).await;
        let (jane, other) = (world.patient(1).await, world.patient(1).await);
        world.patient(2).await;
        for name in ["Roe 001", " ROE  001", "Röe-001"] {
            let found = ask(&world, &doctor, json!({"last_name": name})).await.expect(200);
            assert_eq!(found, json!({"ids": [jane.id, other.id]}));
        }
    });
}

#[test]
fn restricted_patients_are_found() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let jane = world.patient(1).await;
        world.restrict(&jane).await;
        let found = ask(&world, &staff, json!({})).await.expect(200);
        assert_eq!(found, json!({"ids": [jane.id]}));
    });
}

#[test]
fn name_and_date_are_exact() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let jane = world.patient(1).await;
        for other in [
            json!({"last_name": "Roe"}),
            json!({"last_name": "Roe 0011"}),
            json!({"last_name": "001 Roe"}),
            json!({"last_name": "Jane"}),
            json!({"date_of_birth": "1985-04-13"}),
            json!({"date_of_birth": "1985-04"}),
            json!({"date_of_birth": "1985"}),
        ] {
            let found = ask(&world, &staff, other.clone()).await.expect(200);
            assert_eq!(found, json!({"ids": []}), "{other}");
        }
        change(&world, &staff, &jane, json!({"date_of_birth": "1985"})).await;
        let found = ask(&world, &staff, json!({"date_of_birth": "1985"})).await.expect(200);
        assert_eq!(found, json!({"ids": [jane.id]}));
    });
}

#[test]
fn patient_with_one_name_is_found_by_it() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let jane = world.patient(1).await;
        change(&world, &staff, &jane, json!({"last_name": null})).await;
        let found = ask(&world, &staff, json!({"last_name": "jane"})).await.expect(200);
        assert_eq!(found, json!({"ids": [jane.id]}));
    });
}

#[test]
fn at_most_twenty_are_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        for _ in 0..22 {
            world.patient(1).await;
        }
        let found = ask(&world, &staff, json!({})).await.expect(200);
        assert_eq!(found["ids"], json!((1..=20).collect::<Vec<_>>()));
    });
}

#[test]
fn hits_and_misses_are_recorded() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let jane = world.patient(1).await;
        ask(&world, &staff, json!({})).await.expect(200);
        ask(&world, &staff, json!({"last_name": "Nobody"})).await.expect(200);
        let rows = world.audit_rows().await;
        let patients: Vec<_> = rows.iter().map(|row| row.facts.subjects.patients.clone()).collect();
        assert_eq!(patients, [[jane.id].into(), [].into()]);
        for row in rows {
            assert_eq!(row.facts.operation, "patients-lookup");
            assert_eq!((row.facts.actor, &*row.facts.outcome), (Some(staff.id()), "done"));
        }
    });
}

#[test]
fn lookups_of_an_account_are_limited_by_hour() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let other = world.actor_named("other", Role::Staff).await;
        let calls = (0..LIMIT + 5).map(|_| ask(&world, &staff, json!({})));
        let (refused, found): (Vec<_>, Vec<_>) =
            together(calls).await.into_iter().partition(|answer| answer.status == 429);
        assert_eq!((found.len(), refused.len()), (LIMIT, 5));
        for answer in refused {
            assert_eq!(answer.header("retry-after"), Some("3600"));
            answer.expect_problem(429, "too_many_attempts");
        }
        ask(&world, &other, json!({})).await.expect(200);
        // The refused ones looked at nothing.
        assert_eq!(world.audit_rows().await.len(), LIMIT + 1);
        world.advance(Duration::from_hours(1));
        let staff = world.sign_in(staff.user).await;
        ask(&world, &staff, json!({})).await.expect(200);
    });
}

#[test]
fn invalid_body_is_reported_by_field_and_uses_up_no_try() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        for _ in 0..LIMIT {
            for (fields, field) in [
                (json!({"last_name": " "}), "last_name"),
                (json!({"last_name": null}), "last_name"),
                (json!({"date_of_birth": "12.4.1985"}), "date_of_birth"),
                (json!({"first_name": "Jane"}), "first_name"),
            ] {
                let answer = ask(&world, &staff, fields).await;
                let problem = answer.expect_problem(400, "invalid_body");
                assert!(problem["errors"][field].is_array(), "{problem}");
            }
        }
        ask(&world, &staff, json!({})).await.expect(200);
    });
}

#[test]
fn patients_may_not() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-lookup", &[]);
}
