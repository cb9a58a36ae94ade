use shared::model::patient::{Patient, PatientDetails};
use shared::model::user::Role;
use shared::records;
use shared::testing::{Actor, Answer, Event, Handler, World, checks, protected, run};

use super::delete;

fn handler() -> impl Handler {
    protected(delete)
}

fn event() -> Event {
    Event::of("proxies-delete")
}

async fn remove(world: &World, by: &Actor, patient: &Patient, user: &Actor) -> Answer {
    let event = event().path_parameter("id", patient.id).path_parameter("user_id", user.id());
    world.call(handler(), event.by(by)).await
}

/// Returns the number of rows of all proxies.
async fn rows(world: &World) -> usize {
    let rows = world.rows("").await;
    rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with("PROXY#")).count()
}

#[test]
fn access_ends_with_the_proxy_and_others_stay() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        let users = [
            world.actor_named("one", Role::Patient).await,
            world.actor_named("two", Role::Patient).await,
        ];
        for user in &users {
            world.proxy(&patient, user).await;
        }
        let read = async |user: &Actor| {
            let event = Event::of("patients-get").without_policy().by(user);
            let handler = protected(records::get::<PatientDetails>);
            world.call(handler, event.path_parameter("id", patient.id)).await
        };
        read(&users[0]).await.expect(200);
        assert_eq!(rows(&world).await, 4);
        assert!(remove(&world, &staff, &patient, &users[0]).await.expect(204).is_null());
        read(&users[0]).await.expect_problem(403, "not_assigned");
        read(&users[1]).await.expect(200);
        assert_eq!(rows(&world).await, 2);

        let again = remove(&world, &staff, &patient, &users[0]).await;
        let problem = again.expect_problem(404, "not_found");
        assert_eq!(problem["detail"], "There is no user 2 among the proxies of patient 1.");
        world.proxy(&patient, &users[0]).await;
        read(&users[0]).await.expect(200);
    });
}

#[test]
fn missing_proxy_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let user = world.actor(Role::Patient).await;
        world.proxy(&world.patient(1).await, &user).await;
        world.patient(2).await;
        for (id, user) in
            [("2", "2"), ("3", "2"), ("1", "1"), ("abc", "2"), ("1", "abc"), ("1", "0")]
        {
            let event = event().path_parameter("id", id).path_parameter("user_id", user);
            let answer = world.call(handler(), event.by(&staff)).await;
            answer.expect_problem(404, "not_found");
        }
        assert_eq!(rows(&world).await, 2);
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
        let (patient, user) = (world.patient(1).await, world.actor(Role::Patient).await);
        world.proxy(&patient, &user).await;
        let event = event().path_parameter("id", patient.id).path_parameter("user_id", user.id());
        (handler(), event.by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("proxies-delete", &[]);
}
