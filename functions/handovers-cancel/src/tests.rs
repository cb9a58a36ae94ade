use std::time::Duration;

use shared::model::user::Role;
use shared::testing::{Event, Handler, World, checks, protected, run};

use super::cancel;

fn handler() -> impl Handler {
    protected(cancel)
}

/// Returns the request for the hand-over of doctor 1.
fn event() -> Event {
    Event::of("handovers-cancel").path_parameter("id", "handover-1")
}

/// Begins the hand-over of doctor 1, who has a patient, to doctor 2.
async fn clinic(world: &World) {
    let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
    world.assign(&doctor, &world.patient(1).await).await;
    world.hand_over(&doctor, &other).await;
}

async fn work(world: &World) -> usize {
    let (store, system) = (world.app.store(), world.app.system());
    let end = system.now().plus(Duration::from_secs(45));
    let (moved, outcome) = store.handovers().run(system, end).await;
    outcome.unwrap();
    moved
}

#[test]
fn cancelled_hand_over_moves_nobody() {
    run(async |world: World| {
        clinic(&world).await;
        let staff = world.actor(Role::Staff).await;
        // The second request is one whose first answer was lost.
        for _ in 0..2 {
            world.call(handler(), event().by(&staff)).await.expect(204);
        }
        let rows = world.audited("handovers-cancel").await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|facts| facts.object.as_deref() == Some("handover-1")));
        assert_eq!(work(&world).await, 0);
        assert!(world.rows("JOBS").await.is_empty());
        // The doctor gets patients again.
        let doctor = world.doctor(3).await;
        world.assign(&doctor, &world.patient(2).await).await;
        world.hand_over(&doctor, &world.doctor(4).await).await;
    });
}

#[test]
fn hand_over_that_has_begun_is_409() {
    run(async |world: World| {
        clinic(&world).await;
        let staff = world.actor(Role::Staff).await;
        assert_eq!(work(&world).await, 1);
        world.call(handler(), event().by(&staff)).await.expect_problem(409, "already_begun");
    });
}

#[test]
fn unknown_hand_over_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.call(handler(), event().by(&staff)).await.expect_problem(404, "not_found");
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        clinic(world).await;
        let staff = world.actor(Role::Staff).await;
        (handler(), event().by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("handovers-cancel", &[]);
}
