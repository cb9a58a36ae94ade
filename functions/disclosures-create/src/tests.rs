use shared::audit::Facts;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::user::Role;
use shared::testing::{
    Actor, Answer, Event, Handler, Value, World, checks, json, protected, run, steps, together,
};

use super::create;

fn handler() -> impl Handler {
    protected(create)
}

fn event() -> Event {
    Event::of("disclosures-create")
}

async fn post(world: &World, by: &Actor, patient: &Patient, fields: Value) -> Answer {
    let event = event().path_parameter("id", patient.id).with(fields).by(by);
    world.call(handler(), event).await
}

/// Returns the number of stored disclosures.
async fn count(world: &World) -> usize {
    let rows = world.rows("PATIENT#").await;
    rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with("DISCLOSURE#")).count()
}

#[test]
fn disclosure_is_added_and_returned() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        let body = post(&world, &admin, &patient, json!({})).await.expect(201);
        assert_eq!(
            body,
            json!({
                "id": body["id"], "patient_id": patient.id, "disclosed_on": "2026-01-14",
                "recipient": "Illinois Department of Public Health",
                "recipient_address": "535 West Jefferson Street, Springfield",
                "what": "Laboratory report of 12 January 2026",
                "purpose": "Report of a notifiable disease, required by law",
                "added_at": "2026-01-31T12:00:00.000Z", "added_by": admin.id(),
            })
        );
        assert_eq!(count(&world).await, 1);
        let without = post(&world, &admin, &patient, json!({"recipient_address": " "})).await;
        assert_eq!(without.expect(201)["recipient_address"], Value::Null);
        assert_eq!(count(&world).await, 2);
    });
}

/// An answer may be lost, and nobody can remove a disclosure that was added twice.
#[test]
fn same_disclosure_is_added_once() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        let other = world.actor_named("other", Role::Admin).await;
        let first = post(&world, &admin, &patient, json!({})).await.expect(201);
        let again = json!({"recipient": " Illinois Department of Public Health "});
        assert_eq!(post(&world, &other, &patient, again).await.expect(200), first);
        assert_eq!(count(&world).await, 1);
        for fields in [
            json!({"disclosed_on": "2026-01-15"}),
            json!({"recipient": "Circuit Court"}),
            json!({"recipient_address": null}),
            json!({"what": "The whole record"}),
            json!({"purpose": "Subpoena"}),
        ] {
            post(&world, &admin, &patient, fields).await.expect(201);
        }
        post(&world, &admin, &world.patient(2).await, json!({})).await.expect(201);
        assert_eq!(count(&world).await, 7);
    });
}

#[test]
fn one_of_two_simultaneous_requests_adds_the_disclosure() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        let calls = [0, 1].map(|_| post(&world, &admin, &patient, json!({})));
        let answers = together(calls).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201]);
        assert_eq!(answers[0].body, answers[1].body);
        assert_eq!(count(&world).await, 1);
    });
}

#[test]
fn each_request_has_one_row_in_the_audit_trail_without_its_text() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        for status in [201, 200] {
            post(&world, &admin, &patient, json!({})).await.expect(status);
        }
        let rows = world.audit_rows().await;
        let facts: Vec<&Facts> = rows.iter().map(|row| &row.facts).collect();
        assert_eq!(facts.len(), 2);
        assert_eq!(facts[0], facts[1]);
        let facts = facts[0];
        assert_eq!((&*facts.operation, &*facts.outcome), ("disclosures-create", "done"));
        assert_eq!((facts.actor, facts.basis.as_deref()), (Some(admin.id()), Some("role")));
        assert!(facts.subjects.patients.iter().eq([&patient.id]));
        let text = json!(rows).to_string();
        for part in ["Illinois", "Springfield", "Laboratory", "disease"] {
            assert!(!text.contains(part), "{text}");
        }
    });
}

#[test]
fn missing_patient_is_404() {
    run(async |world: World| {
        let (admin, deleted) = (world.actor(Role::Admin).await, world.patient(1).await);
        let (store, now) = (world.app.store(), world.app.now());
        let deletion =
            steps::delete::<PatientDetails>(store, deleted.id, &Preconditions::NONE, now, || false);
        deletion.await.unwrap();
        for id in ["1", "2", "0", "abc", "9007199254740992"] {
            let event = event().path_parameter("id", id).by(&admin);
            world.call(handler(), event).await.expect_problem(404, "not_found");
        }
        assert_eq!(count(&world).await, 0);
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        for (fields, field) in [
            (json!({"disclosed_on": "2026-02-30"}), "disclosed_on"),
            (json!({"disclosed_on": "2026-01"}), "disclosed_on"),
            (json!({"disclosed_on": "2026-02-02"}), "disclosed_on"),
            (json!({"disclosed_on": null}), "disclosed_on"),
            (json!({"recipient": "a\nb"}), "recipient"),
            (json!({"recipient": "x".repeat(201)}), "recipient"),
            (json!({"recipient_address": "x".repeat(501)}), "recipient_address"),
            (json!({"what": " "}), "what"),
            (json!({"what": "x".repeat(501)}), "what"),
            (json!({"purpose": 7}), "purpose"),
            (json!({"added_by": 1}), "added_by"),
        ] {
            let answer = post(&world, &admin, &patient, fields).await;
            answer.expect_invalid(field);
        }
        let event = event().path_parameter("id", patient.id).json(json!({})).by(&admin);
        let problem = world.call(handler(), event).await.expect_problem(400, "invalid_body");
        let required = json!(["is required"]);
        let expected = json!({
            "disclosed_on": required, "recipient": required, "what": required, "purpose": required,
        });
        assert_eq!(problem["errors"], expected);
        assert_eq!(count(&world).await, 0);
        // It is this day somewhere on Earth.
        let today = json!({"disclosed_on": "2026-02-01"});
        post(&world, &admin, &patient, today).await.expect(201);
    });
}

#[test]
fn disclosure_of_a_restricted_patient_is_added() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        world.restrict(&patient).await;
        post(&world, &admin, &patient, json!({})).await.expect(201);
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        world.expect_staff_only(handler(), event()).await;
        let (staff, patient) = (world.actor(Role::Staff).await, world.patient(1).await);
        let answer = post(&world, &staff, &patient, json!({})).await;
        answer.expect_problem(403, "permission_denied");
        assert_eq!(count(&world).await, 0);
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        (handler(), event().path_parameter("id", patient.id).by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("disclosures-create", &[]);
}
