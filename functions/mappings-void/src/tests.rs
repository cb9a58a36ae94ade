use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::doctor::Doctor;
use shared::model::id::{Id, UserId};
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::user::Role;
use shared::store::{Assign, AssignmentIds, NewAssignment};
use shared::testing::{Event, Handler, Value, World, checks, json, protected, run, steps};

use super::void;

fn handler() -> impl Handler {
    protected(void)
}

/// Returns the request to mark this assignment of patient 1.
fn event(id: &str) -> Event {
    let event = Event::of("mappings-void").path_parameter("patient_id", 1);
    event.json(json!({"assignment_id": id, "reason": "wrong-patient"}))
}

/// Creates this doctor and patient 1, and assigns them.
async fn assigned(world: &World) -> (Doctor, Patient) {
    let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
    world.assign(&doctor, &patient).await;
    (doctor, patient)
}

/// Returns the id of the only assignment that has not ended.
async fn open_id(world: &World) -> String {
    let ids = ids(world, "DOCTOR#").await;
    assert_eq!(ids.len(), 1);
    ids.into_iter().next().unwrap()
}

/// Returns the ids in a patient's rows whose sort key has this prefix.
async fn ids(world: &World, prefix: &str) -> Vec<String> {
    let rows = world.rows("PATIENT#").await;
    let rows = rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with(prefix));
    rows.map(|row| row["id"].as_s().unwrap().clone()).collect()
}

/// Returns the marks of all past assignments, of patients and then of doctors: the reason, or `None`.
async fn marks(world: &World) -> Vec<Option<String>> {
    let mut marks = Vec::new();
    for partitions in ["PATIENT#", "DOCTOR#"] {
        let mut rows = world.rows(partitions).await;
        rows.sort_by_key(|row| row["sk"].as_s().unwrap().clone());
        let past = rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with("PAST#"));
        marks.extend(past.map(|row| {
            let mark = row.get("voided")?.as_m().unwrap();
            assert!(mark["by"].is_n() && mark["at"].is_s());
            Some(mark["reason"].as_s().unwrap().clone())
        }));
    }
    marks
}

fn wrong_patient() -> Option<String> {
    Some("wrong-patient".to_owned())
}

#[test]
fn row_of_the_trail_names_the_assignment_that_is_found() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = assigned(&world).await;
        let open = open_id(&world).await;
        world.advance(Duration::from_secs(1));
        world.end_assignment(&doctor, &patient).await;
        world.assign(&doctor, &patient).await;
        let next = open_id(&world).await;
        for (id, status) in [(&open, 200), (&next, 200), (&"made-up".to_owned(), 404)] {
            world.call(handler(), event(id).by(&staff)).await.expect(status);
            world.advance(Duration::from_secs(1));
        }
        let rows = world.audited("mappings-void").await;
        let objects: Vec<_> = rows.iter().map(|facts| facts.object.as_ref()).collect();
        assert_eq!(objects, [Some(&open), Some(&next), None]);
        let fields: Vec<_> = rows.iter().map(|facts| json!(facts.fields)).collect();
        let ended = json!(["end_reason", "ends_at", "voided"]);
        assert_eq!(fields, [json!(["voided"]), ended, json!([])]);
    });
}

#[test]
fn assignment_that_has_not_ended_ends_and_is_marked() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        assigned(&world).await;
        let event = event(&open_id(&world).await).by(&staff);
        let body = world.call(handler(), event.clone()).await.expect(200);
        assert_eq!(body, json!({"message": "The assignment is marked as entered in error."}));
        assert_eq!(marks(&world).await, [wrong_patient(), wrong_patient()]);
        assert!(ids(&world, "DOCTOR#").await.is_empty());
        assert!(world.rows("DOCTOR#").await.iter().all(|row| !row.contains_key("names")));

        // Once more: nothing changes.
        world.advance(Duration::from_secs(60));
        world.calls.take();
        let another_reason = event.with(json!({"reason": "typo"}));
        world.call(handler(), another_reason).await.expect(200);
        assert_eq!(world.calls.take(), ["BatchGetItem", "Query"]);
        assert_eq!(marks(&world).await, [wrong_patient(), wrong_patient()]);
    });
}

#[test]
fn assignment_that_has_ended_is_marked_among_others() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = assigned(&world).await;
        let mut marked = Vec::new();
        for _ in 0..3 {
            marked.push(open_id(&world).await);
            world.advance(Duration::from_secs(60));
            let (store, now) = (world.app.store(), world.app.now());
            let ended = steps::end_assignment_at(store, doctor.id, patient.id, now).await;
            ended.unwrap();
            world.assign(&doctor, &patient).await;
        }
        world.call(handler(), event(&marked[1]).by(&staff)).await.expect(200);
        let expected = [None, wrong_patient(), None];
        let mut found = marks(&world).await;
        let of_doctor = found.split_off(3);
        assert_eq!((found.as_slice(), of_doctor.as_slice()), (&expected[..], &expected[..]));
        assert_eq!(ids(&world, "DOCTOR#").await.len(), 1, "the current one stays");
    });
}

#[test]
fn assignment_whose_period_is_over_is_marked() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let ids = AssignmentIds { doctor_id: doctor.id, patient_id: patient.id };
        let ends_at = Some(world.app.now().plus(Duration::from_secs(60)));
        let new = NewAssignment { ends_at, ..NewAssignment::of(ids) };
        let (store, by) = (world.app.store(), UserId::new(1).unwrap());
        let by = steps::grant::<Assign>(store, by, world.app.now(), new).await.unwrap();
        store.assignments().assign(by).await.unwrap();
        world.assign(&world.doctor(2).await, &patient).await;
        let other = self::ids(&world, "DOCTOR#0000000000000002").await.remove(0);
        let id = self::ids(&world, "DOCTOR#0000000000000001").await.remove(0);
        world.advance(Duration::from_secs(90));
        world.call(handler(), event(&id).by(&staff)).await.expect(200);
        assert_eq!(marks(&world).await, [wrong_patient(), wrong_patient()]);
        let past = self::ids(&world, "PAST#2026-01-31T12:01:00.000Z#").await;
        assert_eq!((past, open_id(&world).await), (vec![id], other));
    });
}

#[test]
fn next_end_takes_the_place_of_the_first_one() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let patient = world.patient(1).await;
        let first = world.assign_for(&doctor, &patient, CareRole::Treating, 0..1).await;
        world.assign_for(&other, &patient, CareRole::Treating, 0..2).await;
        world.call(handler(), event(first.terms.id.as_str()).by(&staff)).await.expect(200);
        let ends = world.rows("ENDS#").await;
        let ends: Vec<_> = ends.iter().map(|row| row["pk"].as_s().unwrap().as_str()).collect();
        assert_eq!(ends, ["ENDS#2026-02-02"]);
    });
}

#[test]
fn assignment_of_a_deleted_patient_is_marked() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (_, patient) = assigned(&world).await;
        let id = open_id(&world).await;
        let (store, any, now) = (world.app.store(), Preconditions::NONE, world.app.now());
        steps::delete::<PatientDetails>(store, patient.id, &any, now, || false).await.unwrap();
        world.call(handler(), event(&id).by(&staff)).await.expect(200);
        assert_eq!(marks(&world).await, [wrong_patient(), wrong_patient()]);
    });
}

#[test]
fn missing_assignment_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        assigned(&world).await;
        let id = open_id(&world).await;
        let other_patient = event(&id).path_parameter("patient_id", 2);
        for event in [event("none"), other_patient, event(&id).path_parameter("patient_id", "x")] {
            let event = event.by(&staff);
            world.call(handler(), event).await.expect_problem(404, "not_found");
        }
        assert!(marks(&world).await.is_empty());
    });
}

#[test]
fn body_names_the_assignment_and_the_reason() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let errors = async |body: Value| {
            let answer = world.call(handler(), event("7").json(body).by(&staff)).await;
            answer.expect_problem(400, "invalid_body")["errors"].clone()
        };
        assert_eq!(
            errors(json!({"assignment_id": "PAST#7", "doctor_id": 1})).await,
            json!({
                "assignment_id": ["is not an id"], "reason": ["is required"],
                "doctor_id": ["is not a field of this request"],
            })
        );
        let empty = json!({"assignment_id": "7", "reason": ""});
        assert!(errors(empty).await["reason"].is_array());
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event("7"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        assigned(world).await;
        let staff = world.actor(Role::Staff).await;
        (handler(), event(&open_id(world).await).by(&staff))
    });
}

#[test]
fn ended_assignment_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world| {
        let (doctor, patient) = assigned(world).await;
        let staff = world.actor(Role::Staff).await;
        let event = event(&open_id(world).await).by(&staff);
        let (store, now) = (world.app.store(), world.app.now());
        steps::end_assignment_at(store, doctor.id, patient.id, now).await.unwrap();
        (handler(), event)
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-void", &[]);
}
