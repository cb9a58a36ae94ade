use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::doctor::Doctor;
use shared::model::id::{Id, UserId};
use shared::model::patient::Patient;
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::store::{Assign, AssignmentIds, NewAssignment};
use shared::testing::{Event, Handler, Value, World, checks, json, protected, run, steps};

use super::remove;

fn handler() -> impl Handler {
    protected(remove)
}

/// Returns a POST.
fn event() -> Event {
    Event::of("mappings-remove")
}

/// Assigns a doctor in this role and from this moment on.
async fn assign(
    world: &World,
    doctor: &Doctor,
    patient: &Patient,
    role: CareRole,
    start: Timestamp,
) {
    let ids = AssignmentIds { doctor_id: doctor.id, patient_id: patient.id };
    let (role, starts_at) = (Some(role), Some(start));
    let new = NewAssignment { role, starts_at, ..NewAssignment::of(ids) };
    let (store, by) = (world.app.store(), UserId::new(1).unwrap());
    let by = steps::grant::<Assign>(store, by, world.app.now(), new).await.unwrap();
    assert!(store.assignments().assign(by).await.unwrap().is_new);
}

fn later(world: &World, seconds: u64) -> Timestamp {
    world.app.now().plus(Duration::from_secs(seconds))
}

/// Returns the rows whose sort key has this prefix, each with the attributes that are texts.
async fn rows(world: &World, partitions: &str, prefix: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for row in world.rows(partitions).await {
        if row["sk"].as_s().unwrap().starts_with(prefix) {
            let texts = row.iter().filter_map(|(name, value)| Some((name, value.as_s().ok()?)));
            found.push(texts.map(|(name, text)| (name.clone(), json!(text))).collect());
        }
    }
    found
}

#[test]
fn post_and_delete_end_an_assignment() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let post = event().by(&staff);
        world.assign(&doctor, &patient).await;
        let body = world.call(handler(), post.clone()).await.expect(200);
        assert_eq!(body, json!({"message": "The doctor was removed from the patient."}));
        world.call(handler(), post.clone()).await.expect_problem(404, "not_found");

        let delete = post.method("DELETE").path_parameter("doctor_id", doctor.id).text("");
        world.assign(&doctor, &patient).await;
        world.call(handler(), delete.clone()).await.expect(204);
        let problem = world.call(handler(), delete).await.expect_problem(404, "not_found");
        assert_eq!(problem["detail"], "There is no assignment of doctor 1 to patient 1.");
    });
}

#[test]
fn ended_assignment_is_kept_in_the_past() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        assign(&world, &doctor, &patient, CareRole::Primary, world.app.now()).await;
        world.advance(Duration::from_secs(60));
        let event = event().with(json!({"reason": "moved-away"})).by(&staff);
        world.call(handler(), event).await.expect(200);
        assert_eq!(rows(&world, "PATIENT#", "DOCTOR#").await.len(), 0);
        assert_eq!(rows(&world, "DOCTOR#", "NAME#").await.len(), 0);
        for partitions in ["PATIENT#", "DOCTOR#"] {
            let past = rows(&world, partitions, "PAST#2026-01-31T12:01:00.000Z#").await;
            let [past] = past.as_slice() else { panic!("{past:?}") };
            assert_eq!(past["role"], "primary");
            assert_eq!(past["starts_at"], "2026-01-31T12:00:00.000Z");
            assert_eq!(past["ends_at"], "2026-01-31T12:01:00.000Z");
            assert_eq!(past["end_reason"], "moved-away");
        }
    });
}

#[test]
fn assignment_can_end_later() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let end = later(&world, 60);
        let event = event().with(json!({"ends_at": end, "reason": "vacation"})).by(&staff);
        world.call(handler(), event.clone()).await.expect(200);
        let row = rows(&world, "PATIENT#", "DOCTOR#").await.remove(0);
        assert_eq!(row["ends_at"], json!(end));
        assert_eq!(rows(&world, "DOCTOR#", "PAST#").await.len(), 0);
        // Once more: nothing changes.
        world.calls.take();
        world.call(handler(), event.clone()).await.expect(200);
        assert_eq!(world.calls.take(), ["BatchGetItem"]);

        world.advance(Duration::from_secs(60));
        world.call(handler(), event.with(json!({"ends_at": null}))).await.expect(404);
        // The next change of the patient's assignments moves it to the past.
        assert_eq!(rows(&world, "PATIENT#", "PAST#").await.len(), 0);
        world.assign(&world.doctor(2).await, &patient).await;
        let past = rows(&world, "PATIENT#", "PAST#").await.remove(0);
        assert_eq!(past["end_reason"], "vacation");
    });
}

#[test]
fn rows_of_the_trail_name_the_end_and_its_reason() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let end = later(&world, 60 * 60);
        let changes = [
            (json!({"ends_at": end}), json!(["ends_at"])),
            (json!({"ends_at": end}), json!([])),
            (json!({"ends_at": end, "reason": "vacation"}), json!(["end_reason"])),
            (json!({"reason": "moved-away"}), json!(["end_reason", "ends_at"])),
        ];
        for (fields, _) in &changes {
            let event = event().with(fields.clone()).by(&staff);
            world.call(handler(), event).await.expect(200);
            world.advance(Duration::from_secs(1));
        }
        let rows = world.audited("mappings-remove").await;
        let fields: Vec<Value> = rows.iter().map(|facts| json!(facts.fields)).collect();
        assert_eq!(fields, changes.map(|(_, fields)| fields));
    });
}

#[test]
fn end_lies_in_the_future_and_after_the_start() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let start = later(&world, 600);
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        assign(&world, &doctor, &patient, CareRole::Treating, start).await;
        for (end, problem) in [
            ("2026-01-31T11:59:59.999Z".to_owned(), "must not be in the past"),
            (start.to_string(), "must be after starts_at"),
        ] {
            let event = event().with(json!({"ends_at": end})).by(&staff);
            let body = world.call(handler(), event).await.expect_problem(400, "invalid_body");
            assert_eq!(body["errors"], json!({"ends_at": [problem]}));
        }
        // It ends before it began.
        world.call(handler(), event().by(&staff)).await.expect(200);
        let past = rows(&world, "DOCTOR#", "PAST#").await.remove(0);
        let now = json!(world.app.now());
        assert_eq!((&past["starts_at"], &past["ends_at"]), (&now, &now));
    });
}

#[test]
fn longer_assignment_must_not_meet_another_primary_doctor() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        assign(&world, &doctor, &patient, CareRole::Primary, world.app.now()).await;
        let ending = |seconds| event().with(json!({"ends_at": later(&world, seconds)})).by(&staff);
        world.call(handler(), ending(60)).await.expect(200);
        let next = world.doctor(2).await;
        assign(&world, &next, &patient, CareRole::Primary, later(&world, 60)).await;
        world.call(handler(), ending(61)).await.expect_problem(409, "primary_taken");
        world.call(handler(), ending(59)).await.expect(200);
    });
}

#[test]
fn body_names_only_the_doctor_and_the_end() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let body = json!({"doctor_id": "abc", "patient_id": 1, "ends_at": "now", "reason": "A B"});
        let event = event().json(body).by(&staff);
        let problem = world.call(handler(), event).await.expect_problem(400, "invalid_body");
        let errors = problem["errors"].as_object().unwrap();
        assert_eq!(
            errors.keys().collect::<Vec<_>>(),
            ["doctor_id", "ends_at", "patient_id", "reason"]
        );
        assert_eq!(errors["patient_id"], json!(["is not a field of this request"]));
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
    checks::policy_grants_nothing_else("mappings-remove", &[]);
}
