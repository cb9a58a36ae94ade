use std::time::Duration;

use shared::auth::refresh_token::RefreshToken;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, User, UserChange};
use shared::testing::{Answer, Event, Value, World, checks, json, public, run, steps};

use super::verify;

/// Opens a session and returns its tokens.
async fn sign_in(world: &World, user: &User) -> Value {
    let (store, system, minter) = (world.app.store(), world.app.system(), &world.minter);
    json!(steps::open_session(store, system, minter, user, None).await.unwrap())
}

async fn ask(world: &World, token: &Value) -> Answer {
    let event = Event::of("auth-verify").json(json!({"token": token}));
    world.call(public(verify), event).await
}

async fn expect_not_valid(world: &World, token: &Value) {
    let answer = ask(world, token).await;
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, Some("Bearer realm=\"api\", error=\"invalid_token\""));
    answer.expect_problem(401, "token_not_valid");
}

#[test]
fn valid_token_gets_an_empty_object() {
    run(async |world: World| {
        let user = world.actor(Role::Pending).await.user;
        let pair = sign_in(&world, &user).await;
        assert_eq!(ask(&world, &pair["access"]).await.expect(200), json!({}));
    });
}

#[test]
fn refresh_token_and_malformed_token_are_not_valid() {
    run(async |world: World| {
        let user = world.actor(Role::Pending).await.user;
        expect_not_valid(&world, &sign_in(&world, &user).await["refresh"]).await;
        for garbage in ["", "abc", "a.b.c"] {
            expect_not_valid(&world, &json!(garbage)).await;
        }
    });
}

#[test]
fn token_is_valid_for_fifteen_minutes() {
    run(async |world: World| {
        let user = world.actor(Role::Pending).await.user;
        let pair = sign_in(&world, &user).await;
        world.advance(Duration::from_secs(15 * 60 - 1));
        ask(&world, &pair["access"]).await.expect(200);
        world.advance(Duration::from_secs(1));
        expect_not_valid(&world, &pair["access"]).await;
    });
}

#[test]
fn token_of_an_ended_session_is_not_valid() {
    run(async |world: World| {
        let user = world.actor(Role::Pending).await.user;
        let (ended, other) = (sign_in(&world, &user).await, sign_in(&world, &user).await);
        let refresh = RefreshToken::parse(ended["refresh"].as_str().unwrap()).unwrap();
        steps::end_session(world.app.store(), user.id, &refresh.session_id).await.unwrap();
        expect_not_valid(&world, &ended["access"]).await;
        ask(&world, &other["access"]).await.expect(200);
    });
}

#[test]
fn token_of_a_deactivated_account_is_not_valid() {
    run(async |world: World| {
        let user = world.actor(Role::Staff).await.user;
        let pair = sign_in(&world, &user).await;
        let change = UserChange { active: Some(false), ..UserChange::default() };
        let (store, now) = (world.app.store(), world.app.now());
        steps::update_account(store, user.id, change, &Preconditions::NONE, now).await.unwrap();
        expect_not_valid(&world, &pair["access"]).await;
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        for (body, field) in [
            (json!({}), "token"),
            (json!({"token": null}), "token"),
            (json!({"token": 7}), "token"),
            (json!({"token": "a.b.c", "refresh": "x"}), "refresh"),
        ] {
            let event = Event::of("auth-verify").json(body);
            let problem =
                world.call(public(verify), event).await.expect_problem(400, "invalid_body");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let user = world.actor(Role::Pending).await.user;
        let body = json!({"token": sign_in(world, &user).await["access"]});
        (public(verify), Event::of("auth-verify").json(body))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-verify", &[]);
}
