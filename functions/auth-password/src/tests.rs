use std::time::Duration;

use shared::auth::password::PasswordCheck;
use shared::model::user::User;
use shared::testing::{
    ATTEMPT_LIMITS, Actor, Answer, Event, Handler, PASSWORD, PASSWORD_POLICY, Value, World, checks,
    json, protected_with, run, together,
};

use super::{Settings, change};

/// The new password in the event.
const NEW: &str = "seven-quiet-lanterns-9";

fn ready() -> impl Handler {
    protected_with(Settings { passwords: PASSWORD_POLICY, attempts: ATTEMPT_LIMITS }, change)
}

fn event() -> Event {
    Event::of("auth-password")
}

async fn call(world: &World, actor: &Actor, fields: Value) -> Answer {
    world.call(ready(), event().with(fields).by(actor)).await
}

async fn has_password(world: &World, user: &User, password: &str) -> bool {
    let found = world.app.store().credentials().named(&user.username.unique_form()).await.unwrap();
    let hash = found.unwrap().password_hash;
    let check = world.app.hash_slots().verify(hash.as_ref(), password.into()).await;
    check.unwrap() != PasswordCheck::Wrong
}

#[test]
fn sets_the_new_password_and_ends_every_other_session() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let (here, elsewhere) =
            (world.sign_in(user.clone()).await, world.sign_in(user.clone()).await);
        world.call(ready(), event().by(&here)).await.expect(200);
        assert!(has_password(&world, &user, NEW).await);
        assert!(!has_password(&world, &user, PASSWORD).await);
        assert_eq!(world.status_of(&here).await, 204);
        assert_eq!(world.status_of(&elsewhere).await, 401);
        let rows = world.audited("auth-password").await;
        let fields: Vec<Value> = rows.iter().map(|facts| json!(facts.fields)).collect();
        assert_eq!(fields, [json!(["password"])]);
    });
}

#[test]
fn wrong_current_password_changes_nothing() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let (here, elsewhere) =
            (world.sign_in(user.clone()).await, world.sign_in(user.clone()).await);
        let answer = call(&world, &here, json!({"current_password": "a guess"})).await;
        assert_eq!(
            answer.expect_problem(400, "invalid_body")["errors"],
            json!({"current_password": ["is not your password"]})
        );
        assert!(has_password(&world, &user, PASSWORD).await);
        assert_eq!(world.status_of(&elsewhere).await, 204);
        assert!(world.audited("auth-password").await.iter().all(|facts| facts.fields.is_empty()));
    });
}

#[test]
fn short_or_guessable_password_and_own_name_are_refused() {
    run(async |world: World| {
        let user = world.account_with_password("zbigniew.kowal", PASSWORD).await;
        let actor = world.sign_in(user.clone()).await;
        for weak in ["short", "password1", "zbigniewkowal"] {
            let answer = call(&world, &actor, json!({"new_password": weak})).await;
            let problem = answer.expect_problem(400, "invalid_body");
            assert!(problem["errors"]["new_password"].is_array(), "{problem}");
        }
        assert!(has_password(&world, &user, PASSWORD).await);
    });
}

#[test]
fn all_problems_of_the_body_are_reported_at_once() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let actor = world.sign_in(user).await;
        let wrong = event().json(json!({"new_password": "short", "password": 7})).by(&actor);
        let problem = world.call(ready(), wrong).await.expect_problem(400, "invalid_body");
        assert_eq!(
            problem["errors"],
            json!({
                "current_password": ["is required"],
                "new_password": ["must have 8 to 128 characters"],
                "password": ["is not a field of this request"],
            })
        );
    });
}

#[test]
fn after_ten_wrong_passwords_even_the_right_one_must_wait() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let actor = world.sign_in(user.clone()).await;
        let guess = || call(&world, &actor, json!({"current_password": "a guess"}));
        for _ in 0..10 {
            guess().await.expect_problem(400, "invalid_body");
        }
        for answer in [guess().await, call(&world, &actor, json!({})).await] {
            assert_eq!(answer.header("retry-after"), Some("1"));
            answer.expect_problem(429, "too_many_attempts");
        }
        assert!(has_password(&world, &user, PASSWORD).await);
        world.advance(Duration::from_secs(1));
        call(&world, &actor, json!({})).await.expect(200);
        assert!(has_password(&world, &user, NEW).await);
    });
}

#[test]
fn weak_new_password_counts_as_an_attempt() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let actor = world.sign_in(user).await;
        let weak = || call(&world, &actor, json!({"new_password": "password1"}));
        for _ in 0..10 {
            weak().await.expect_problem(400, "invalid_body");
        }
        weak().await.expect_problem(429, "too_many_attempts");
    });
}

#[test]
fn one_of_two_concurrent_changes_succeeds() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let actors = [world.sign_in(user.clone()).await, world.sign_in(user.clone()).await];
        let passwords = [NEW, "eleven-brisk-otters-42"];
        let calls = actors
            .iter()
            .zip(passwords)
            .map(|(actor, new)| call(&world, actor, json!({"new_password": new})));
        let answers = together(calls).await;
        let (winner, loser) = if answers[0].status == 200 { (0, 1) } else { (1, 0) };
        assert_eq!(answers[winner].status, 200);
        assert!(matches!(answers[loser].status, 400 | 401), "{}", answers[loser].body);
        assert!(has_password(&world, &user, passwords[winner]).await);
        assert_eq!(world.status_of(&actors[winner]).await, 204);
        assert_eq!(world.status_of(&actors[loser]).await, 401);
    });
}

#[test]
fn caller_who_is_not_signed_in_is_refused() {
    run(async |world: World| world.expect_signed_in_only(ready(), event()).await);
}

#[test]
fn change_makes_four_calls() {
    run(async |world: World| {
        let actor = world.sign_in(world.account_with_password("amara", PASSWORD).await).await;
        world.status_of(&actor).await;
        world.calls.take();
        world.call(ready(), event().by(&actor)).await.expect(200);
        let calls = ["BatchGetItem", "UpdateItem", "GetItem", "TransactWriteItems"];
        assert_eq!(world.calls.take(), calls);
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let user = world.account_with_password("amara", PASSWORD).await;
        (ready(), event().by(&world.sign_in(user).await))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-password", &[]);
}
