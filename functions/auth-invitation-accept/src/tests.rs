use std::time::Duration;

use shared::auth::attempts::AttemptLimits;
use shared::auth::invitation;
use shared::auth::password::PasswordCheck;
use shared::model::id::{Id, UserId};
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, UserChange};
use shared::store::WindowRule;
use shared::testing::{
    ATTEMPT_LIMITS, Answer, Event, Handler, PASSWORD, PASSWORD_POLICY, Value, World, checks, json,
    public_recorded, run, steps, together,
};

use super::{Settings, accept};

const EMAIL: &str = "bruno@example.com";

fn limited(attempts: AttemptLimits) -> impl Handler + use<> {
    public_recorded(super::OPERATION, Settings { passwords: PASSWORD_POLICY, attempts }, accept)
}

fn ready() -> impl Handler + use<> {
    limited(ATTEMPT_LIMITS)
}

fn event(fields: Value) -> Event {
    Event::of("auth-invitation-accept").with(fields)
}

async fn call(world: &World, fields: Value) -> Answer {
    world.call(ready(), event(fields)).await
}

async fn expect_not_valid(world: &World, token: &str) {
    let problem = call(world, json!({"token": token})).await.expect_problem(400, "invalid_body");
    assert_eq!(problem["errors"], json!({"token": ["is not valid or has expired"]}));
}

#[test]
fn makes_the_invited_account_with_a_verified_address_and_no_session() {
    run(async |world: World| {
        let (_, token) = world.invite(EMAIL, Role::Admin).await;
        let body = call(&world, json!({"token": format!(" {token} ")})).await.expect(201);
        assert_eq!(
            body,
            json!({
                "id": 1, "username": "bruno", "email": EMAIL, "email_verified": true,
                "role": "admin", "doctor_id": null, "patient_id": null, "active": true, "version": 1,
                "created_at": "2026-01-31T12:00:00.000Z",
            })
        );
        let found = world.app.store().credentials().named(EMAIL).await.unwrap().unwrap();
        assert!(found.user.email_verified);
        let slots = world.app.hash_slots();
        let check = slots.verify(found.password_hash.as_ref(), PASSWORD.into()).await.unwrap();
        assert_ne!(check, PasswordCheck::Wrong);
        let rows = world.rows("USER#").await;
        assert!(rows.iter().all(|row| !row["sk"].as_s().unwrap().starts_with("SESSION#")));
        assert!(world.rows("INVITATIONS").await.is_empty());
    });
}

/// An administrator who was invited is counted, so that the other one may leave.
#[test]
fn invited_administrator_is_counted() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let (_, token) = world.invite(EMAIL, Role::Admin).await;
        call(&world, json!({"token": token})).await.expect(201);
        let change = UserChange { role: Some(Role::Staff), ..UserChange::default() };
        let (store, now) = (world.app.store(), world.app.now());
        steps::update_account(store, admin.id(), change, &Preconditions::NONE, now).await.unwrap();
    });
}

#[test]
fn token_works_once() {
    run(async |world: World| {
        let (_, token) = world.invite(EMAIL, Role::Staff).await;
        call(&world, json!({"token": token})).await.expect(201);
        let again = json!({"token": token, "username": "another"});
        let problem = call(&world, again).await.expect_problem(400, "invalid_body");
        assert!(problem["errors"]["token"].is_array(), "{problem}");
    });
}

#[test]
fn one_of_several_concurrent_acceptances_makes_an_account() {
    run(async |world: World| {
        let (_, token) = world.invite(EMAIL, Role::Staff).await;
        let calls =
            (0..4).map(|n| call(&world, json!({"token": token, "username": format!("u{n}")})));
        let mut statuses: Vec<u16> =
            together(calls).await.into_iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 400, 400, 400]);
        let accounts = world.rows("CRED#").await;
        assert_eq!(accounts.len(), 1);
    });
}

#[test]
fn expired_revoked_replaced_and_invented_tokens_are_not_valid() {
    run(async |world: World| {
        let (first, replaced) = world.invite(EMAIL, Role::Admin).await;
        let (_, current) = world.invite(EMAIL, Role::Staff).await;
        expect_not_valid(&world, &replaced).await;
        // The id alone, the id with another secret, no id, an id that is none.
        let secret = current.split_once('.').unwrap().1;
        for invented in [
            first.id.to_string(),
            format!("{}.", first.id),
            format!("{}.{}", first.id, "A".repeat(43)),
            secret.to_owned(),
            format!("a#b.{secret}"),
            String::new(),
        ] {
            expect_not_valid(&world, &invented).await;
        }
        world.advance(invitation::LIFETIME.saturating_sub(Duration::from_secs(1)));
        let body = call(&world, json!({"token": current})).await.expect(201);
        assert_eq!(body["role"], "staff");

        let (revoked, token) = world.invite("carla@example.com", Role::Staff).await;
        let by = UserId::new(1).unwrap();
        steps::revoke_invitation(world.app.store(), by, &revoked.id, world.app.now())
            .await
            .unwrap();
        expect_not_valid(&world, &token).await;

        let (_, expired) = world.invite("dora@example.com", Role::Staff).await;
        world.advance(invitation::LIFETIME);
        expect_not_valid(&world, &expired).await;
    });
}

#[test]
fn refused_fields_do_not_use_up_the_token() {
    run(async |world: World| {
        world.account_with_password("taken", PASSWORD).await;
        let (_, token) = world.invite("zbigniew.kowal@example.com", Role::Staff).await;
        for (fields, field) in [
            (json!({"username": "a b"}), "username"),
            (json!({"username": "carla@example.com"}), "username"),
            (json!({"password": "short"}), "password"),
            (json!({"password": "zbigniewkowal"}), "password"),
            (json!({"email": "carla@example.com"}), "email"),
            (json!({"role": "admin"}), "role"),
        ] {
            let mut body = json!({"token": token});
            body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let problem = call(&world, body).await.expect_problem(400, "invalid_body");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
        let taken = call(&world, json!({"token": token, "username": "TAKEN"})).await;
        let problem = taken.expect_problem(409, "conflict");
        assert_eq!(problem["errors"], json!({"username": ["is already taken"]}));
        let own = json!({"token": token, "username": "Zbigniew.Kowal@example.com"});
        call(&world, own).await.expect(201);
    });
}

/// Somebody may register the address after the invitation.
#[test]
fn address_that_an_account_has_meanwhile_is_refused() {
    run(async |world: World| {
        let (_, token) = world.invite(EMAIL, Role::Staff).await;
        world.account_with_password("bruno", PASSWORD).await;
        let answer = call(&world, json!({"token": token, "username": "another"})).await;
        let problem = answer.expect_problem(409, "conflict");
        assert_eq!(problem["errors"], json!({"email": ["is already taken"]}));
    });
}

#[test]
fn attempts_from_an_address_are_limited() {
    run(async |world: World| {
        let address = WindowRule { tries: 2, ..ATTEMPT_LIMITS.address };
        let handler = limited(AttemptLimits { address, ..ATTEMPT_LIMITS });
        let (_, token) = world.invite(EMAIL, Role::Staff).await;
        for _ in 0..2 {
            let wrong = event(json!({"token": "a.b"}));
            world.call(handler.clone(), wrong).await.expect(400);
        }
        let refused = world.call(handler.clone(), event(json!({"token": token}))).await;
        assert!(refused.header("retry-after").is_some());
        refused.expect_problem(429, "too_many_attempts");
        let elsewhere = event(json!({"token": token})).from_address("198.51.100.1");
        world.call(handler, elsewhere).await.expect(201);
    });
}

#[test]
fn acceptance_is_counted_before_its_password_is_judged() {
    run(async |world: World| {
        let address = WindowRule { tries: 2, ..ATTEMPT_LIMITS.address };
        let handler = limited(AttemptLimits { address, ..ATTEMPT_LIMITS });
        let (_, token) = world.invite(EMAIL, Role::Staff).await;
        let weak = || event(json!({"token": token, "password": "password1"}));
        for _ in 0..2 {
            let answer = world.call(handler.clone(), weak()).await;
            answer.expect_problem(400, "invalid_body");
        }
        world.call(handler, weak()).await.expect_problem(429, "too_many_attempts");
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let (_, token) = world.invite(EMAIL, Role::Staff).await;
        (ready(), event(json!({"token": token})))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-invitation-accept", &[]);
}
