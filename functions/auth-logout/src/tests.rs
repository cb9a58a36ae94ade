use shared::model::user::Role;
use shared::testing::{Event, World, checks, json, protected, run};

use super::logout;

fn event() -> Event {
    Event::of("auth-logout")
}

#[test]
fn ends_only_the_session_of_the_request() {
    run(async |world: World| {
        let leaving = world.actor(Role::Pending).await;
        let staying = world.sign_in(leaving.user.clone()).await;
        let stranger = world.actor(Role::Staff).await;
        let body = world.call(protected(logout), event().by(&leaving)).await.expect(200);
        assert_eq!(body, json!({"message": "You are signed out."}));
        assert_eq!(world.status_of(&leaving).await, 401);
        assert_eq!(world.status_of(&staying).await, 204);
        assert_eq!(world.status_of(&stranger).await, 204);
    });
}

#[test]
fn everywhere_ends_all_sessions_of_the_account_except_later_ones() {
    run(async |world: World| {
        let leaving = world.actor(Role::Pending).await;
        let elsewhere = world.sign_in(leaving.user.clone()).await;
        let stranger = world.actor(Role::Staff).await;
        let event = event().json(json!({"everywhere": true})).by(&leaving);
        world.call(protected(logout), event).await.expect(200);
        assert_eq!(world.status_of(&leaving).await, 401);
        assert_eq!(world.status_of(&elsewhere).await, 401);
        assert_eq!(world.status_of(&stranger).await, 204);

        let user = world.app.store().accounts().by_id(leaving.id()).await.unwrap().unwrap();
        let later = world.sign_in(user).await;
        assert_eq!(world.status_of(&later).await, 204);
    });
}

#[test]
fn absent_body_is_an_empty_object() {
    run(async |world: World| {
        let user = world.actor(Role::Pending).await.user;
        for body in ["", "{}"] {
            let leaving = world.sign_in(user.clone()).await;
            let staying = world.sign_in(user.clone()).await;
            world.call(protected(logout), event().text(body).by(&leaving)).await.expect(200);
            assert_eq!(world.status_of(&leaving).await, 401);
            assert_eq!(world.status_of(&staying).await, 204);
        }
    });
}

#[test]
fn invalid_body_ends_no_session() {
    run(async |world: World| {
        let staying = world.actor(Role::Pending).await;
        for (body, field) in [
            (json!({"everywhere": "yes"}), "everywhere"),
            (json!({"everywhere": 1}), "everywhere"),
            (json!({"everywhere": null}), "everywhere"),
            (json!({"all": true}), "all"),
        ] {
            let event = event().json(body).by(&staying);
            let problem =
                world.call(protected(logout), event).await.expect_problem(400, "invalid_body");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
        assert_eq!(world.status_of(&staying).await, 204);
    });
}

#[test]
fn caller_who_is_not_signed_in_is_refused() {
    run(async |world: World| world.expect_signed_in_only(protected(logout), event()).await);
}

#[test]
fn logout_makes_two_calls() {
    run(async |world: World| {
        for (everywhere, change) in [(false, "DeleteItem"), (true, "UpdateItem")] {
            let staff = world.actor_named(change, Role::Staff).await;
            world.status_of(&staff).await;
            world.calls.take();
            let event = event().json(json!({"everywhere": everywhere})).by(&staff);
            world.call(protected(logout), event).await.expect(200);
            assert_eq!(world.calls.take(), ["BatchGetItem", change]);
        }
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let actor = world.actor(Role::Staff).await;
        (protected(logout), event().by(&actor))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-logout", &[]);
}
