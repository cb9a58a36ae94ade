use std::time::Duration;

use shared::config::Responses;
use shared::model::assignment::CareRole;
use shared::model::doctor::Doctor;
use shared::model::id::{Id, UserId};
use shared::model::patient::Patient;
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::store::{Assign, AssignmentIds, NewAssignment};
use shared::testing::{Actor, Event, Handler, Value, World, checks, json, protected, run, steps};

use super::update;

fn handler() -> impl Handler {
    protected(update)
}

/// Returns the change of the assignment of doctor 1 to patient 1.
fn event() -> Event {
    let event = Event::of("mappings-update").json(json!({"role": "consulting"}));
    event.path_parameter("patient_id", 1).path_parameter("doctor_id", 1)
}

fn change(actor: &Actor, fields: Value) -> Event {
    event().json(fields).by(actor)
}

/// Returns the request for an assignment of this doctor to this patient.
fn new(doctor: &Doctor, patient: &Patient) -> NewAssignment {
    NewAssignment::of(AssignmentIds { doctor_id: doctor.id, patient_id: patient.id })
}

async fn assign(world: &World, new: NewAssignment) {
    let (store, by) = (world.app.store(), UserId::new(1).unwrap());
    let by = steps::grant::<Assign>(store, by, world.app.now(), new).await.unwrap();
    assert!(store.assignments().assign(by).await.unwrap().is_new);
}

/// Assigns doctor 1 to patient 1, and signs in a member of staff.
async fn at_work(world: &World) -> (Actor, Patient) {
    let patient = world.patient(1).await;
    world.assign(&world.doctor(1).await, &patient).await;
    (world.actor(Role::Staff).await, patient)
}

fn later(world: &World, seconds: u64) -> Timestamp {
    world.app.now().plus(Duration::from_secs(seconds))
}

/// Returns the errors of the answer to a change.
async fn errors(world: &World, actor: &Actor, fields: Value) -> Value {
    let answer = world.call(handler(), change(actor, fields)).await;
    answer.expect_problem(400, "invalid_body")["errors"].clone()
}

/// Returns the number of rows whose sort key has this prefix.
async fn count(world: &World, partitions: &str, prefix: &str) -> usize {
    let rows = world.rows(partitions).await;
    rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with(prefix)).count()
}

#[test]
fn patch_changes_the_named_fields_only() {
    run(async |world: World| {
        let (staff, _) = at_work(&world).await;
        let end = later(&world, 60);
        let fields = json!({"role": "primary", "ends_at": end, "reason": "vacation"});
        let answer = world.call(handler(), change(&staff, fields)).await;
        assert_eq!(answer.header("etag"), Some("\"2\""));
        assert!(answer.header("accept-patch").is_some_and(|it| it.contains("merge-patch")));
        let first = answer.expect(200);
        assert_eq!(
            (&first["doctor_name"], &first["patient_name"]),
            (&json!("Grace Okafor 001"), &json!("Jane Roe 001"))
        );
        assert_eq!((&first["role"], &first["reason"]), (&json!("primary"), &json!("vacation")));
        assert_eq!((&first["ends_at"], &first["version"]), (&json!(end), &json!(2)));

        let fields = json!({"ends_at": null, "reason": null});
        let mut expected = first.clone();
        for (field, value) in
            [("ends_at", json!(null)), ("reason", json!(null)), ("version", json!(3))]
        {
            expected[field] = value;
        }
        assert_eq!(world.call(handler(), change(&staff, fields)).await.expect(200), expected);
        let row = world.rows("DOCTOR#").await.into_iter().find(|row| row.contains_key("names"));
        assert!(!row.unwrap().contains_key("ends_at"));
    });
}

#[test]
fn change_of_nothing_writes_nothing() {
    run(async |world: World| {
        let (staff, _) = at_work(&world).await;
        world.call(handler(), change(&staff, json!({"role": "primary"}))).await.expect(200);
        for fields in
            [json!({}), json!({"role": "primary", "starts_at": world.app.now(), "reason": null})]
        {
            world.calls.take();
            let answer = world.call(handler(), change(&staff, fields)).await;
            assert_eq!(answer.header("etag"), Some("\"2\""));
            assert_eq!(world.calls.take(), ["BatchGetItem"]);
        }
    });
}

#[test]
fn rows_of_the_trail_name_the_changed_fields() {
    run(async |world: World| {
        let (staff, _) = at_work(&world).await;
        let end = later(&world, 60 * 60);
        let changes = [
            (json!({"role": "primary"}), json!(["role"])),
            (json!({"role": "primary", "reason": null}), json!([])),
            (json!({"role": "primary", "ends_at": end}), json!(["ends_at"])),
            (
                json!({"role": "consulting", "ends_at": null, "reason": "vacation"}),
                json!(["ends_at", "reason", "role"]),
            ),
        ];
        for (fields, _) in &changes {
            world.call(handler(), change(&staff, fields.clone())).await.expect(200);
            world.advance(Duration::from_secs(1));
        }
        let late = world.call(handler(), change(&staff, json!({"ends_at": world.app.now()}))).await;
        late.expect_problem(400, "invalid_body");
        let mut rows = world.audited("mappings-update").await;
        assert_eq!(json!(rows.pop().unwrap().fields), json!([]));
        let fields: Vec<Value> = rows.iter().map(|facts| json!(facts.fields)).collect();
        assert_eq!(fields, changes.map(|(_, fields)| fields));
    });
}

#[test]
fn fields_are_checked() {
    run(async |world: World| {
        let (staff, _) = at_work(&world).await;
        let body = json!({"role": null, "starts_at": null, "reason": 7, "doctor_id": 1});
        assert_eq!(
            errors(&world, &staff, body).await,
            json!({
                "role": ["must not be null"], "starts_at": ["must not be null"],
                "reason": ["must be a string"], "doctor_id": ["is not a field of this request"],
            })
        );
        assert_eq!(
            errors(&world, &staff, json!({"ends_at": world.app.now()})).await,
            json!({"ends_at": ["must be in the future"]})
        );
    });
}

#[test]
fn start_changes_only_while_it_is_in_the_future() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let starts_at = Some(later(&world, 60));
        assign(&world, NewAssignment { starts_at, ..new(&doctor, &patient) }).await;
        let sooner = change(&staff, json!({"starts_at": later(&world, 30)}));
        world.call(handler(), sooner).await.expect(200);
        let body = json!({"starts_at": later(&world, 90), "ends_at": later(&world, 90)});
        let expected = json!({"ends_at": ["must be after starts_at"]});
        assert_eq!(errors(&world, &staff, body).await, expected);
        let body = json!({"starts_at": "2026-01-31T11:00:00Z"});
        let expected = json!({"starts_at": ["must not be in the past"]});
        assert_eq!(errors(&world, &staff, body).await, expected);

        world.advance(Duration::from_secs(30));
        let body = json!({"starts_at": later(&world, 30)});
        let expected = json!({"starts_at": ["cannot change, because the assignment has begun"]});
        assert_eq!(errors(&world, &staff, body).await, expected);
    });
}

#[test]
fn patient_has_one_primary_doctor_at_a_time() {
    run(async |world: World| {
        let (staff, patient) = at_work(&world).await;
        let (role, starts_at) = (Some(CareRole::Primary), Some(later(&world, 60)));
        let next = new(&world.doctor(2).await, &patient);
        assign(&world, NewAssignment { role, starts_at, ..next }).await;
        let primary = change(&staff, json!({"role": "primary"}));
        world.call(handler(), primary.clone()).await.expect_problem(409, "primary_taken");
        let until_then = primary.with(json!({"ends_at": later(&world, 60)}));
        world.call(handler(), until_then).await.expect(200);
        let longer = change(&staff, json!({"ends_at": null}));
        world.call(handler(), longer).await.expect_problem(409, "primary_taken");
    });
}

#[test]
fn if_match_is_honoured() {
    run(async |world: World| {
        let (staff, _) = at_work(&world).await;
        let primary = change(&staff, json!({"role": "primary"}));
        let stale = primary.clone().header("if-match", "\"2\"");
        world.call(handler(), stale).await.expect_problem(412, "precondition_failed");
        let current = primary.header("if-match", "\"1\"");
        assert_eq!(world.call(handler(), current.clone()).await.expect(200)["version"], 2);
        // The answer was lost, and the client sends the same again.
        assert_eq!(world.call(handler(), current).await.expect(200)["version"], 2);
        let other = change(&staff, json!({"role": "treating"})).header("if-match", "\"1\"");
        world.call(handler(), other).await.expect_problem(412, "precondition_failed");
    });
}

#[test]
fn if_match_can_be_required() {
    run(async |world: World| {
        let (staff, _) = at_work(&world).await;
        let responses = Responses { requires_if_match: true, ..Responses::default() };
        let app = world.app_with_responses(responses);
        let primary = change(&staff, json!({"role": "primary"}));
        let without = world.call_in(&app, handler(), primary.clone()).await;
        without.expect_problem(428, "precondition_required");
        let with = primary.header("if-match", "\"1\"");
        world.call_in(&app, handler(), with).await.expect(200);
    });
}

#[test]
fn merge_patch_is_accepted() {
    run(async |world: World| {
        let (staff, _) = at_work(&world).await;
        let primary = change(&staff, json!({"role": "primary"}));
        let event = primary.clone().header("content-type", "application/merge-patch+json");
        world.call(handler(), event).await.expect(200);
        let refused = world.call(handler(), primary.header("content-type", "text/plain")).await;
        refused.expect_problem(415, "unsupported_media_type");
    });
}

#[test]
fn only_an_assignment_that_has_not_ended_changes() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let detail = async || {
            let answer = world.call(handler(), event().by(&staff)).await;
            answer.expect_problem(404, "not_found")["detail"].as_str().unwrap().to_owned()
        };
        assert_eq!(detail().await, "There is no doctor 1 and no patient 1.");
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let no_assignment = "There is no assignment of doctor 1 to patient 1.";
        assert_eq!(detail().await, no_assignment);
        let ends_at = Some(later(&world, 60));
        assign(&world, NewAssignment { ends_at, ..new(&doctor, &patient) }).await;
        world.call(handler(), event().by(&staff)).await.expect(200);
        world.advance(Duration::from_secs(60));
        assert_eq!(detail().await, no_assignment);
        for id in ["0", "x"] {
            let event = event().path_parameter("doctor_id", id).by(&staff);
            world.call(handler(), event).await.expect_problem(404, "not_found");
        }
    });
}

#[test]
fn change_moves_assignments_that_are_over_to_the_past() {
    run(async |world: World| {
        let (staff, patient) = at_work(&world).await;
        let (other, ends_at) = (new(&world.doctor(2).await, &patient), Some(later(&world, 60)));
        assign(&world, NewAssignment { ends_at, ..other }).await;
        world.advance(Duration::from_secs(60));
        world.call(handler(), event().by(&staff)).await.expect(200);
        assert_eq!(count(&world, "PATIENT#", "DOCTOR#").await, 1);
        assert_eq!(count(&world, "DOCTOR#", "NAME#").await, 1);
        assert_eq!(count(&world, "PATIENT#", "PAST#").await, 1);
        assert_eq!(count(&world, "DOCTOR#", "PAST#").await, 1);
    });
}

#[test]
fn only_administrators_see_assignments_of_a_restricted_patient() {
    run(async |world: World| {
        let (staff, admin) = (world.actor(Role::Staff).await, world.actor(Role::Admin).await);
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        world.restrict(&patient).await;
        let refused = world.call(handler(), change(&staff, json!({}))).await;
        refused.expect_problem(403, "restricted");
        world.call(handler(), change(&admin, json!({}))).await.expect(200);
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), true);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-update", &[]);
}
