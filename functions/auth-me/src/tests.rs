use std::time::Duration;

use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, checks, run};

use super::me;

fn event() -> Event {
    Event::of("auth-me")
}

#[test]
fn shows_the_callers_account_whatever_its_role() {
    run(async |world: World| {
        let pending = world.actor(Role::Pending).await;
        let answer = world.call(signed_in(me), event().by(&pending)).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = answer.expect(200);
        assert_eq!(body["username"], "pending");
        assert_eq!(body["role"], "pending");
        assert!(body.get("password_hash").is_none() && body.get("epoch").is_none());
    });
}

#[test]
fn only_who_is_signed_in_gets_an_answer() {
    run(async |world: World| world.expect_signed_in_only(signed_in(me), event()).await);
}

#[test]
fn a_token_lives_for_fifteen_minutes_to_the_second() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.advance(Duration::from_secs(15 * 60 - 1));
        world.call(signed_in(me), event().by(&staff)).await.expect(200);
        world.advance(Duration::from_secs(1));
        let answer = world.call(signed_in(me), event().by(&staff)).await;
        answer.expect_problem(401, "token_not_valid");
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let actor = world.actor(Role::Staff).await;
        (signed_in(me), event().by(&actor))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else(&[]);
}
