use std::sync::Arc;
use std::time::Duration;

use serde::de::IgnoredAny;
use shared::model::user::Role;
use shared::testing::{World, checks, run};

use super::work;

const DAY: Duration = Duration::from_hours(24);

/// Calls the function as EventBridge does. Returns its calls to DynamoDB.
async fn invoke(world: &World) -> Vec<String> {
    let (app, calls) = world.app_of_function();
    let done = work(app, Arc::new(()), IgnoredAny);
    calls.of_function(Some("emergency-overdue"), done).await.unwrap();
    calls.take()
}

async fn overdue(world: &World) -> usize {
    world.app.store().emergencies().overdue(world.app.now()).await.unwrap()
}

#[test]
fn reviews_that_wait_for_more_than_a_week_are_counted() {
    run(async |world: World| {
        let doctor = world.doctor_account(&world.doctor(1).await).await;
        let admin = world.actor(Role::Admin).await;
        assert_eq!(overdue(&world).await, 0);
        let first = world.emergency(&doctor, &world.patient(1).await).await;
        world.advance(DAY);
        world.emergency(&doctor, &world.patient(2).await).await;
        world.advance(6 * DAY);
        assert_eq!(overdue(&world).await, 0);
        world.advance(Duration::from_millis(1));
        assert_eq!(overdue(&world).await, 1);
        world.advance(DAY);
        assert_eq!(overdue(&world).await, 2);
        world.close_review(&admin, &first).await;
        assert_eq!(overdue(&world).await, 1);
    });
}

#[test]
fn day_costs_one_query() {
    run(async |world: World| {
        let doctor = world.doctor_account(&world.doctor(1).await).await;
        world.emergency(&doctor, &world.patient(1).await).await;
        world.advance(8 * DAY);
        assert_eq!(invoke(&world).await, ["Query"]);
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("emergency-overdue", &[]);
}
