use std::time::Duration;

use secrecy::ExposeSecret;
use shared::auth::sessions;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, UserChange};
use shared::testing::{
    Actor, Event, Handler, SESSION_LIMITS, World, checks, json, protected_after, run, steps,
};

use super::{by_refresh_token, logout};

fn ready() -> impl Handler {
    protected_after(by_refresh_token, logout)
}

fn event() -> Event {
    Event::of("auth-logout")
}

/// Exchanges a refresh token for the next one.
async fn exchanged(world: &World, token: &str) -> String {
    let (store, system, idle) = (world.app.store(), world.app.system(), SESSION_LIMITS.idle);
    let pair = sessions::refresh(store, system, &world.minter, idle, token).await.unwrap();
    json!(pair)["refresh"].as_str().unwrap().to_owned()
}

/// Signs out with a refresh token, without an access token.
async fn log_out(world: &World, token: &str, everywhere: bool) {
    let event = event().json(json!({"refresh": token, "everywhere": everywhere}));
    let body = world.call(ready(), event).await.expect(200);
    let message = if everywhere { "You are signed out everywhere." } else { "You are signed out." };
    assert_eq!(body, json!({"message": message}));
}

fn refresh(actor: &Actor) -> &str {
    actor.refresh.expose_secret()
}

#[test]
fn ends_only_the_session_of_the_request() {
    run(async |world: World| {
        let leaving = world.actor(Role::Pending).await;
        let staying = world.sign_in(leaving.user.clone()).await;
        let stranger = world.actor(Role::Staff).await;
        let body = world.call(ready(), event().by(&leaving)).await.expect(200);
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
        world.call(ready(), event).await.expect(200);
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
            world.call(ready(), event().text(body).by(&leaving)).await.expect(200);
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
            (json!({"refresh": 7}), "refresh"),
            (json!({"all": true}), "all"),
        ] {
            let event = event().json(body).by(&staying);
            let problem = world.call(ready(), event).await.expect_problem(400, "invalid_body");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
        assert_eq!(world.status_of(&staying).await, 204);
    });
}

#[test]
fn current_or_previous_refresh_token_ends_its_session_without_an_access_token() {
    run(async |world: World| {
        for (name, is_current) in [("current", true), ("previous", false)] {
            let leaving = world.actor_named(name, Role::Pending).await;
            let staying = world.sign_in(leaving.user.clone()).await;
            let next = exchanged(&world, refresh(&leaving)).await;
            // Also long after the exchange: a logout is no repeated refresh.
            world.advance(Duration::from_secs(60));
            log_out(&world, if is_current { &next } else { refresh(&leaving) }, false).await;
            assert_eq!(world.status_of(&leaving).await, 401);
            assert_eq!(world.status_of(&staying).await, 204);
        }
    });
}

#[test]
fn refresh_token_ends_all_sessions_of_its_account() {
    run(async |world: World| {
        let leaving = world.actor(Role::Pending).await;
        let elsewhere = world.sign_in(leaving.user.clone()).await;
        let stranger = world.actor(Role::Staff).await;
        log_out(&world, refresh(&leaving), true).await;
        assert_eq!(world.status_of(&leaving).await, 401);
        assert_eq!(world.status_of(&elsewhere).await, 401);
        assert_eq!(world.status_of(&stranger).await, 204);
    });
}

#[test]
fn access_token_beside_a_refresh_token_is_ignored() {
    run(async |world: World| {
        let staying = world.actor(Role::Staff).await;
        let owner = world.actor(Role::Pending).await;
        for bearer in ["a.b.c", staying.token.expose_secret()] {
            let leaving = world.sign_in(owner.user.clone()).await;
            let event = event().json(json!({"refresh": refresh(&leaving)})).bearer(bearer);
            world.call(ready(), event).await.expect(200);
            assert_eq!(world.status_of(&leaving).await, 401);
        }
        assert_eq!(world.status_of(&staying).await, 204);
    });
}

#[test]
fn unknown_refresh_token_gets_the_same_answer_and_ends_nothing() {
    run(async |world: World| {
        let staying = world.actor(Role::Pending).await;
        let second = exchanged(&world, refresh(&staying)).await;
        let third = exchanged(&world, &second).await;
        let parts: Vec<&str> = third.split('.').collect();
        let (user, session, family, secret) = (parts[0], parts[1], parts[2], parts[3]);
        let other = world.actor_named("other", Role::Staff).await;
        for unknown in [
            // Older than the previous one.
            refresh(&staying).to_owned(),
            format!("{user}.{session}.{family}.secret"),
            format!("{user}.{session}.family.{secret}"),
            format!("{}.{session}.{family}.{secret}", other.id()),
            format!("{user}.{}.{family}.{secret}", other.session_id()),
            staying.token.expose_secret().to_owned(),
        ] {
            for everywhere in [false, true] {
                log_out(&world, &unknown, everywhere).await;
            }
        }
        assert_eq!(world.status_of(&staying).await, 204);
        assert_eq!(world.status_of(&other).await, 204);
        exchanged(&world, &third).await;
    });
}

#[test]
fn blank_refresh_token_is_as_good_as_absent() {
    run(async |world: World| {
        let staying = world.actor(Role::Pending).await;
        for blank in ["", " "] {
            let event = event().json(json!({"refresh": blank}));
            world.call(ready(), event).await.expect_problem(401, "not_authenticated");
        }
        assert_eq!(world.status_of(&staying).await, 204);
    });
}

/// Otherwise an old token of a session that has ended could end the sessions after it.
#[test]
fn refresh_token_of_an_ended_session_ends_no_other() {
    run(async |world: World| {
        let (store, now) = (world.app.store(), world.app.now());
        let ended = world.actor(Role::Pending).await;
        steps::end_all_sessions(store, ended.id(), now).await.unwrap();
        let user = store.accounts().by_id(ended.id()).await.unwrap().unwrap();
        let later = world.sign_in(user.clone()).await;
        log_out(&world, refresh(&ended), true).await;
        assert_eq!(world.status_of(&later).await, 204);

        world.advance(SESSION_LIMITS.idle);
        let later_still = world.sign_in(user).await;
        log_out(&world, refresh(&later), true).await;
        assert_eq!(world.status_of(&later_still).await, 204);

        let change = UserChange { active: Some(false), ..UserChange::default() };
        steps::update_account(store, ended.id(), change, &Preconditions::NONE, now).await.unwrap();
        log_out(&world, refresh(&later_still), true).await;
    });
}

#[test]
fn null_in_place_of_a_refresh_token_is_none() {
    run(async |world: World| {
        let event = event().json(json!({"refresh": null}));
        world.call(ready(), event).await.expect_problem(401, "not_authenticated");
    });
}

#[test]
fn caller_who_is_not_signed_in_is_refused() {
    run(async |world: World| world.expect_signed_in_only(ready(), event()).await);
}

#[test]
fn logout_makes_two_calls() {
    run(async |world: World| {
        let calls = ["BatchGetItem", "TransactWriteItems"];
        for (everywhere, name) in [(false, "here"), (true, "everywhere")] {
            let staff = world.actor_named(name, Role::Staff).await;
            world.status_of(&staff).await;
            world.calls.take();
            let event = event().json(json!({"everywhere": everywhere})).by(&staff);
            world.call(ready(), event).await.expect(200);
            assert_eq!(world.calls.take(), calls);

            let name = format!("{name}-by-refresh-token");
            let staff = world.actor_named(&name, Role::Staff).await;
            world.calls.take();
            log_out(&world, refresh(&staff), everywhere).await;
            assert_eq!(world.calls.take(), calls);
        }
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let actor = world.actor(Role::Staff).await;
        (ready(), event().by(&actor))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-logout", &[]);
}
