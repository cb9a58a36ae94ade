use std::time::Duration;

use shared::model::doctor::{Doctor, DoctorDetails};
use shared::model::id::Id;
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
    Event::of("handovers-create")
}

async fn post(world: &World, by: &Actor, doctor: &Doctor, body: Value) -> Answer {
    let event = event().path_parameter("id", doctor.id).json(body).by(by);
    world.call(handler(), event).await
}

/// Returns a body for a hand-over to this doctor, with these fields besides.
fn to(doctor: &Doctor, fields: Value) -> Value {
    let mut body = json!({"to_doctor_id": doctor.id});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// Returns the numbers of markers of doctors, of hand-overs, and of those that are open.
async fn counts(world: &World) -> [usize; 3] {
    let doctors = world.rows("DOCTOR#").await;
    let markers = doctors.iter().filter(|row| row["sk"].as_s().unwrap() == "HANDOVER").count();
    [markers, world.rows("JOB#").await.len(), world.rows("JOBS").await.len()]
}

#[test]
fn handover_is_accepted_and_stored() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let answer = post(&world, &staff, &doctor, to(&other, json!({}))).await;
        let mut body = answer.expect(202);
        assert!(body.as_object_mut().unwrap().remove("id").unwrap().is_string());
        let now = "2026-01-31T12:00:00.000Z";
        assert_eq!(
            body,
            json!({
                "from_doctor_id": doctor.id, "to_doctor_id": other.id, "effective_at": now,
                "reason": null, "state": "scheduled", "moved": 0, "left": null, "created_at": now,
                "created_by": staff.id(), "finished_at": null,
            })
        );
        assert_eq!(counts(&world).await, [1, 1, 1]);
    });
}

#[test]
fn handover_can_begin_later() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let later = json!({"effective_at": "2026-05-01T14:00:00+02:00", "reason": "retirement"});
        let body = post(&world, &staff, &doctor, to(&other, later)).await.expect(202);
        assert_eq!(body["effective_at"], "2026-05-01T12:00:00.000Z");
        assert_eq!(body["reason"], "retirement");
        assert_eq!(body["state"], "scheduled");
    });
}

#[test]
fn repeated_request_returns_the_handover() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let third = world.doctor(3).await;
        let later = json!({"effective_at": "2026-02-28T12:00:00Z", "reason": "retirement"});
        let first = to(&other, later);
        let handover = post(&world, &staff, &doctor, first.clone()).await.expect(202);
        world.advance(Duration::from_secs(60));
        for again in [first, to(&other, json!({})), to(&other, json!({"reason": "retirement"}))] {
            let answer = post(&world, &staff, &doctor, again).await;
            assert_eq!(answer.expect(202), handover);
        }
        for different in [
            to(&third, json!({})),
            to(&other, json!({"reason": "vacation"})),
            to(&other, json!({"effective_at": "2026-02-28T12:00:01Z"})),
        ] {
            let answer = post(&world, &staff, &doctor, different).await;
            answer.expect_problem(409, "handing_over");
        }
        assert_eq!(counts(&world).await, [1, 1, 1]);
    });
}

#[test]
fn rows_of_the_trail_name_the_handover() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let body = to(&other, json!({}));
        let handover = post(&world, &staff, &doctor, body.clone()).await.expect(202);
        // The same again.
        post(&world, &staff, &doctor, body).await.expect(202);
        post(&world, &staff, &other, to(&doctor, json!({}))).await.expect(409);
        let rows = world.audited("handovers-create").await;
        let objects: Vec<Value> = rows.iter().map(|facts| json!(facts.object)).collect();
        assert_eq!(objects, [handover["id"].clone(), handover["id"].clone(), Value::Null]);
    });
}

#[test]
fn doctor_who_hands_over_gets_no_patients_of_others() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (first, second) = (world.doctor(1).await, world.doctor(2).await);
        let third = world.doctor(3).await;
        post(&world, &staff, &second, to(&third, json!({}))).await.expect(202);
        let answer = post(&world, &staff, &first, to(&second, json!({}))).await;
        answer.expect_problem(409, "handing_over");
        assert_eq!(counts(&world).await, [1, 1, 1]);
    });
}

#[test]
fn one_of_several_handovers_at_the_same_time_begins() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        let mut others = Vec::new();
        for n in 2..=5 {
            others.push(world.doctor(n).await);
        }
        let calls = others.iter().map(|other| post(&world, &staff, &doctor, to(other, json!({}))));
        let status = together(calls).await.into_iter().map(|answer| answer.status);
        let status: Vec<u16> = status.collect();
        assert_eq!(status.iter().filter(|status| **status == 202).count(), 1, "{status:?}");
        assert!(status.iter().all(|status| [202, 409, 503].contains(status)), "{status:?}");
        assert_eq!(counts(&world).await, [1, 1, 1]);
    });
}

#[test]
fn missing_doctor_is_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, deleted) = (world.doctor(1).await, world.doctor(2).await);
        let (store, now, any) = (world.app.store(), world.app.now(), Preconditions::NONE);
        steps::delete::<DoctorDetails>(store, deleted.id, &any, now, || false).await.unwrap();
        let detail = async |id: &str, to: u64| {
            let event = event().path_parameter("id", id).json(json!({"to_doctor_id": to}));
            let answer = world.call(handler(), event.by(&staff)).await;
            answer.expect_problem(404, "not_found")["detail"].as_str().unwrap().to_owned()
        };
        assert_eq!(detail("1", 2).await, "There is no doctor 2.");
        assert_eq!(detail("1", 7).await, "There is no doctor 7.");
        assert_eq!(detail("2", doctor.id.get()).await, "There is no doctor 2.");
        assert_eq!(detail("abc", 1).await, "There is no doctor with this id.");
        assert_eq!(counts(&world).await, [0, 0, 0]);
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        for (body, field) in [
            (json!({}), "to_doctor_id"),
            (json!({"to_doctor_id": "2"}), "to_doctor_id"),
            (to(&doctor, json!({})), "to_doctor_id"),
            (to(&other, json!({"effective_at": "2026-01-31T11:59:59.999Z"})), "effective_at"),
            (to(&other, json!({"effective_at": "2026-05-01T12:00:00.001Z"})), "effective_at"),
            (to(&other, json!({"effective_at": "2026-03-01T12:00:00"})), "effective_at"),
            (to(&other, json!({"effective_at": "2026-03-01"})), "effective_at"),
            (to(&other, json!({"reason": "He retires"})), "reason"),
            (to(&other, json!({"note": "x"})), "note"),
        ] {
            let answer = post(&world, &staff, &doctor, body).await;
            answer.expect_invalid(field);
        }
        assert_eq!(counts(&world).await, [0, 0, 0]);
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.doctor(1).await;
        world.doctor(2).await;
        (handler(), event().by(&staff))
    });
}

#[test]
fn repeated_request_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        world.hand_over(&doctor, &other).await;
        (handler(), event().json(to(&other, json!({}))).by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("handovers-create", &[]);
}
