use shared::auth::attempts::AttemptLimits;
use shared::auth::verification;
use shared::model::precondition::Preconditions;
use shared::model::user::UserChange;
use shared::store::WindowRule;
use shared::testing::{
    ATTEMPT_LIMITS, Answer, Event, Handler, PASSWORD, World, checks, json, public_recorded, run,
    steps, together,
};

use super::{Settings, verify};

fn limited(attempts: AttemptLimits) -> impl Handler + use<> {
    public_recorded(super::OPERATION, Settings { attempts }, verify)
}

fn event(token: &str) -> Event {
    Event::of("auth-email-verify").json(json!({"token": token}))
}

async fn call(world: &World, token: &str) -> Answer {
    world.call(limited(ATTEMPT_LIMITS), event(token)).await
}

async fn expect_not_valid(world: &World, token: &str) {
    let problem = call(world, token).await.expect_problem(400, "invalid_body");
    assert_eq!(problem["errors"], json!({"token": ["is not valid or has expired"]}));
}

#[test]
fn verifies_the_address_and_ends_no_session() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        assert!(!user.email_verified);
        let actor = world.sign_in(user.clone()).await;
        let token = world.verification_of(&user).await;
        let body = call(&world, &format!(" {token} ")).await.expect(200);
        assert_eq!(body, json!({"message": "Your email address is verified."}));
        let stored = world.stored(user.id).await;
        assert!(stored.email_verified);
        assert_eq!((stored.epoch, stored.version), (user.epoch, user.version + 1));
        assert_eq!(world.status_of(&actor).await, 204);
        let rows = world.audited(super::OPERATION).await;
        assert!(rows.iter().map(|facts| json!(facts.fields)).eq([json!(["email_verified"])]));
    });
}

#[test]
fn token_works_once() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let token = world.verification_of(&user).await;
        let calls = (0..4).map(|_| call(&world, &token));
        let mut statuses: Vec<u16> =
            together(calls).await.into_iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400, 400, 400]);
        expect_not_valid(&world, &token).await;
    });
}

#[test]
fn expired_and_invented_tokens_are_not_valid() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let token = world.verification_of(&user).await;
        for invented in ["", "unknown", &token[1..]] {
            expect_not_valid(&world, invented).await;
        }
        world.advance(verification::LIFETIME);
        expect_not_valid(&world, &token).await;
        assert!(!world.stored(user.id).await.email_verified);
    });
}

#[test]
fn token_of_another_address_or_of_an_inactive_account_is_not_valid() {
    run(async |world: World| {
        let mut user = world.account_with_password("amara", PASSWORD).await;
        let address = user.email.clone();
        user.email = "former@example.com".parse().unwrap();
        let token = world.verification_of(&user).await;
        expect_not_valid(&world, &token).await;

        user.email = address;
        let token = world.verification_of(&user).await;
        let change = UserChange { active: Some(false), ..UserChange::default() };
        let (store, now) = (world.app.store(), world.app.now());
        steps::update_account(store, user.id, change, &Preconditions::NONE, now).await.unwrap();
        expect_not_valid(&world, &token).await;
        assert!(!world.stored(user.id).await.email_verified);
    });
}

#[test]
fn attempts_from_an_address_are_limited() {
    run(async |world: World| {
        let address = WindowRule { tries: 2, ..ATTEMPT_LIMITS.address };
        let handler = limited(AttemptLimits { address, ..ATTEMPT_LIMITS });
        for _ in 0..2 {
            world.call(handler.clone(), event("unknown")).await.expect(400);
        }
        let refused = world.call(handler, event("unknown")).await;
        assert!(refused.header("retry-after").is_some());
        refused.expect_problem(429, "too_many_attempts");
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        for (body, field) in
            [(json!({}), "token"), (json!({"token": 7}), "token"), (json!({"email": "a"}), "email")]
        {
            let event = event("").json(body);
            let problem = world.call(limited(ATTEMPT_LIMITS), event).await;
            let problem = problem.expect_problem(400, "invalid_body");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let token = world.verification_of(&user).await;
        (limited(ATTEMPT_LIMITS), event(&token))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-email-verify", &[]);
}
