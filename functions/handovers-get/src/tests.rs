use std::time::Duration;

use shared::model::user::Role;
use shared::system::System;
use shared::testing::{Actor, Event, Handler, Value, World, checks, json, protected, run};

use super::get;

fn handler() -> impl Handler {
    protected(get)
}

/// Returns the request for the hand-over of doctor 1.
fn event() -> Event {
    Event::of("handovers-get").path_parameter("id", "handover-1")
}

/// Begins the hand-over of doctor 1, who has so many patients, to doctor 2, and signs in a member of staff.
async fn clinic(world: &World, patients: u32) -> Actor {
    let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
    for n in 1..=patients {
        world.assign(&doctor, &world.patient(n).await).await;
    }
    world.hand_over(&doctor, &other).await;
    world.actor(Role::Staff).await
}

async fn read(world: &World, by: &Actor) -> Value {
    world.call(handler(), event().by(by)).await.expect(200)
}

/// Works for five seconds of this system's clock.
async fn work(world: &World, system: &System) {
    let end = world.app.now().plus(Duration::from_secs(5));
    world.app.store().handovers().run(system, end).await.1.unwrap();
}

#[test]
fn handover_is_scheduled_and_then_done() {
    run(async |world: World| {
        let staff = clinic(&world, 3).await;
        let now = "2026-01-31T12:00:00.000Z";
        let mut expected = json!({
            "id": "handover-1", "from_doctor_id": 1, "to_doctor_id": 2, "effective_at": now,
            "reason": null, "state": "scheduled", "moved": 0, "left": null, "created_at": now,
            "created_by": 1, "finished_at": null,
        });
        assert_eq!(read(&world, &staff).await, expected);
        world.advance(Duration::from_secs(60));
        work(&world, world.app.system()).await;
        for (field, value) in [
            ("state", json!("done")),
            ("moved", json!(3)),
            ("left", json!(0)),
            ("finished_at", json!("2026-01-31T12:01:00.000Z")),
        ] {
            expected[field] = value;
        }
        assert_eq!(read(&world, &staff).await, expected);
    });
}

#[test]
fn handover_is_running_while_patients_are_left() {
    run(async |world: World| {
        let staff = clinic(&world, 5).await;
        work(&world, &world.ticking_system()).await;
        let handover = read(&world, &staff).await;
        assert_eq!(
            (&handover["state"], &handover["finished_at"]),
            (&json!("running"), &Value::Null)
        );
        let number = |name: &str| handover[name].as_u64().unwrap();
        assert_eq!(number("moved") + number("left"), 5);
    });
}

#[test]
fn missing_handover_is_404() {
    run(async |world: World| {
        let staff = clinic(&world, 0).await;
        for id in ["handover-2", "0", "a.b", "handover-1%23"] {
            let event = event().path_parameter("id", id).by(&staff);
            world.call(handler(), event).await.expect_problem(404, "not_found");
        }
    });
}

#[test]
fn it_has_no_parameters() {
    run(async |world: World| {
        let staff = clinic(&world, 0).await;
        let event = event().query(&[("limit", "1")]).by(&staff);
        world.call(handler(), event).await.expect_problem(400, "invalid_query");
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = clinic(world, 1).await;
        (handler(), event().by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("handovers-get", &[]);
}
