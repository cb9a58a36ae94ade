use std::time::Duration;

use shared::ApiError;
use shared::auth::attempts::{AttemptLimits, LoginAttempt};
use shared::auth::mailed_token::MailedToken;
use shared::auth::password::PasswordCheck;
use shared::auth::reset;
use shared::model::precondition::Preconditions;
use shared::model::user::{User, UserChange};
use shared::store::{Reset, UserRename, WindowRule};
use shared::testing::{
    ATTEMPT_LIMITS, Answer, Event, Handler, PASSWORD, PASSWORD_POLICY, Value, World, checks, json,
    public_recorded, run, steps, together,
};

use super::{Settings, confirm};

/// The new password in the event.
const NEW: &str = "seven-quiet-lanterns-9";

/// The address in the event.
const HOME: &str = "203.0.113.10";

fn ready() -> impl Handler {
    public_recorded(
        super::OPERATION,
        Settings { passwords: PASSWORD_POLICY, attempts: ATTEMPT_LIMITS },
        confirm,
    )
}

async fn call(world: &World, fields: Value) -> Answer {
    world.call(ready(), Event::of("auth-password-reset-confirm").with(fields)).await
}

/// Opens a reset and returns its token. `None` is an address without an account.
async fn open(world: &World, user: Option<&User>) -> String {
    let token = MailedToken::new(world.app.system()).unwrap();
    let reset = Reset {
        user_id: user.map(|user| user.id),
        email: user.map(|user| user.email.clone()),
        epoch: user.map_or(0, |user| user.epoch),
        expires_at: world.app.now().plus(reset::LIFETIME),
    };
    world.app.store().resets().open(&token.hash(), &reset).await.unwrap();
    token.expose().to_owned()
}

async fn expect_not_valid(world: &World, token: &str) {
    let problem = call(world, json!({"token": token})).await.expect_problem(400, "invalid_body");
    assert_eq!(problem["errors"], json!({"token": ["is not valid or has expired"]}));
}

async fn account(world: &World) -> User {
    world.account_with_password("amara", PASSWORD).await
}

/// Returns the account as it is now.
async fn stored(world: &World, user: &User) -> User {
    world.app.store().accounts().by_id(user.id).await.unwrap().unwrap()
}

async fn has_password(world: &World, user: &User, password: &str) -> bool {
    let found = world.app.store().credentials().named(&user.username.unique_form()).await.unwrap();
    let hash = found.unwrap().password_hash;
    let check = world.app.hash_slots().verify(hash.as_ref(), password.into()).await;
    check.unwrap() != PasswordCheck::Wrong
}

#[test]
fn sets_the_password_and_ends_every_session() {
    run(async |world: World| {
        let user = account(&world).await;
        let actors = [world.sign_in(user.clone()).await, world.sign_in(user.clone()).await];
        let token = open(&world, Some(&user)).await;
        call(&world, json!({"token": token})).await.expect(200);
        assert!(has_password(&world, &user, NEW).await);
        for actor in &actors {
            assert_eq!(world.status_of(actor).await, 401);
        }
        let later = world.sign_in(stored(&world, &user).await).await;
        assert_eq!(world.status_of(&later).await, 204);
    });
}

/// The token was mailed to the address.
#[test]
fn completed_reset_verifies_the_address() {
    run(async |world: World| {
        let user = account(&world).await;
        let token = open(&world, Some(&user)).await;
        let weak = call(&world, json!({"token": token, "new_password": "short"})).await;
        weak.expect(400);
        assert!(!stored(&world, &user).await.email_verified);
        call(&world, json!({"token": token})).await.expect(200);
        let after = stored(&world, &user).await;
        assert!(after.email_verified);
        assert_eq!((after.version, after.epoch), (user.version + 1, user.epoch + 1));

        world.advance(Duration::from_secs(1));
        let token = open(&world, Some(&after)).await;
        call(&world, json!({"token": token})).await.expect(200);
        let rows = world.audited(super::OPERATION).await;
        let fields: Vec<Value> = rows.iter().map(|facts| json!(facts.fields)).collect();
        assert_eq!(fields, [json!(["email_verified", "password"]), json!(["password"])]);
    });
}

#[test]
fn token_works_once_and_ends_other_tokens_of_the_account() {
    run(async |world: World| {
        let user = account(&world).await;
        let (token, other) = (open(&world, Some(&user)).await, open(&world, Some(&user)).await);
        call(&world, json!({"token": token})).await.expect(200);
        expect_not_valid(&world, &token).await;
        expect_not_valid(&world, &other).await;
    });
}

#[test]
fn token_expires_after_half_an_hour() {
    run(async |world: World| {
        let user = account(&world).await;
        let token = open(&world, Some(&user)).await;
        world.advance(reset::LIFETIME);
        expect_not_valid(&world, &token).await;
        assert!(has_password(&world, &user, PASSWORD).await);
    });
}

#[test]
fn token_without_an_account_is_not_valid() {
    run(async |world: World| {
        let nobodys = open(&world, None).await;
        for token in [&*nobodys, "unknown", ""] {
            expect_not_valid(&world, token).await;
        }
    });
}

/// Otherwise the reader of the former address could set the password, and verify the new address.
#[test]
fn change_of_the_address_ends_the_accounts_resets() {
    run(async |world: World| {
        let user = account(&world).await;
        let token = open(&world, Some(&user)).await;
        let change = UserRename { email: Some("new@example.com".parse().unwrap()), username: None };
        let (operator, now) = (world.app.store().operator(), world.app.now());
        operator.rename_user(user.id, &change, now).await.unwrap();
        expect_not_valid(&world, &token).await;

        let token = open(&world, Some(&stored(&world, &user).await)).await;
        call(&world, json!({"token": token})).await.expect(200);
        assert!(stored(&world, &user).await.email_verified);
        // Another spelling is the same address.
        let change = UserRename { email: Some("New@Example.com".parse().unwrap()), username: None };
        operator.rename_user(user.id, &change, now).await.unwrap();
        assert!(stored(&world, &user).await.email_verified);
        let change =
            UserRename { email: Some("other@example.com".parse().unwrap()), username: None };
        operator.rename_user(user.id, &change, now).await.unwrap();
        assert!(!stored(&world, &user).await.email_verified);
    });
}

/// The address changes after the reset was found, while the new password is hashed.
#[test]
fn address_that_changes_meanwhile_is_not_verified() {
    run(async |world: World| {
        let user = account(&world).await;
        let token = MailedToken::received(&open(&world, Some(&user)).await);
        let (store, now) = (world.app.store(), world.app.now());
        let change = UserRename { email: Some("new@example.com".parse().unwrap()), username: None };
        store.operator().rename_user(user.id, &change, now).await.unwrap();
        let completed = store.resets().complete(&token.hash(), &user, &"new".into(), now).await;
        assert!(completed.is_err());
        assert!(!stored(&world, &user).await.email_verified);
        assert!(has_password(&world, &user, PASSWORD).await);
    });
}

#[test]
fn ending_all_sessions_of_an_account_ends_its_resets() {
    run(async |world: World| {
        let user = account(&world).await;
        let token = open(&world, Some(&user)).await;
        steps::end_all_sessions(world.app.store(), user.id, world.app.now()).await.unwrap();
        expect_not_valid(&world, &token).await;
        assert!(has_password(&world, &user, PASSWORD).await);
    });
}

#[test]
fn inactive_account_cannot_be_reset() {
    run(async |world: World| {
        let user = account(&world).await;
        let change = UserChange { active: Some(false), ..UserChange::default() };
        let (store, now) = (world.app.store(), world.app.now());
        steps::update_account(store, user.id, change, &Preconditions::NONE, now).await.unwrap();
        let token = open(&world, Some(&stored(&world, &user).await)).await;
        expect_not_valid(&world, &token).await;
        assert!(has_password(&world, &user, PASSWORD).await);
    });
}

#[test]
fn weak_password_or_own_name_is_refused_and_does_not_use_up_the_token() {
    run(async |world: World| {
        let user = world.account_with_password("zbigniew.kowal", PASSWORD).await;
        let token = open(&world, Some(&user)).await;
        for weak in ["short", "password1", "zbigniewkowal"] {
            let answer = call(&world, json!({"token": token, "new_password": weak})).await;
            let problem = answer.expect_problem(400, "invalid_body");
            assert!(problem["errors"]["new_password"].is_array(), "{problem}");
        }
        assert!(has_password(&world, &user, PASSWORD).await);
        call(&world, json!({"token": token})).await.expect(200);
        assert!(has_password(&world, &user, NEW).await);
    });
}

#[test]
fn confirmation_is_counted_before_its_password_is_judged() {
    run(async |world: World| {
        let address = WindowRule { tries: 2, ..ATTEMPT_LIMITS.address };
        let attempts = AttemptLimits { address, ..ATTEMPT_LIMITS };
        let confirm = public_recorded(
            super::OPERATION,
            Settings { passwords: PASSWORD_POLICY, attempts },
            confirm,
        );
        let user = account(&world).await;
        let body = json!({"token": open(&world, Some(&user)).await, "new_password": "password1"});
        let weak = || Event::of("auth-password-reset-confirm").with(body.clone());
        for _ in 0..2 {
            world.call(confirm.clone(), weak()).await.expect_problem(400, "invalid_body");
        }
        world.call(confirm, weak()).await.expect_problem(429, "too_many_attempts");
    });
}

#[test]
fn reset_lets_the_owner_in_after_failures_of_strangers() {
    run(async |world: World| {
        let user = account(&world).await;
        let names = ["amara", "amara@example.com"];
        let identifier = WindowRule { tries: 3, ..ATTEMPT_LIMITS.identifier };
        let limits = AttemptLimits { identifier, ..ATTEMPT_LIMITS };
        let reserve = async |name: &str, address: &str| {
            let (store, now, address) =
                (world.app.store(), world.app.now(), address.parse().unwrap());
            LoginAttempt::reserve(store, now, &limits, name, address).await
        };
        let strangers_fail = async |name: &str| {
            for n in 1..=3 {
                reserve(name, &format!("198.51.100.{n}")).await.unwrap();
            }
        };
        for name in names {
            strangers_fail(name).await;
            let refused = reserve(name, HOME).await;
            assert!(matches!(refused, Err(ApiError::TooManyAttempts { .. })), "{refused:?}");
        }

        let token = open(&world, Some(&user)).await;
        call(&world, json!({"token": token})).await.expect(200);
        for name in names {
            // Strangers can try again, too, but the owner is not locked out again.
            strangers_fail(name).await;
            assert!(reserve(name, "198.51.100.4").await.is_err());
            assert!(reserve(name, HOME).await.is_ok());
        }
    });
}

#[test]
fn one_of_two_concurrent_confirmations_succeeds() {
    run(async |world: World| {
        let user = account(&world).await;
        let token = open(&world, Some(&user)).await;
        let passwords = [NEW, "eleven-brisk-otters-42"];
        let calls = passwords.map(|new| call(&world, json!({"token": token, "new_password": new})));
        let answers = together(calls).await;
        let (winner, loser) = if answers[0].status == 200 { (0, 1) } else { (1, 0) };
        assert_eq!(answers[winner].status, 200);
        assert_eq!(answers[loser].status, 400, "{}", answers[loser].body);
        assert!(has_password(&world, &user, passwords[winner]).await);
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let user = account(world).await;
        let body = json!({"token": open(world, Some(&user)).await});
        (ready(), Event::of("auth-password-reset-confirm").with(body))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-password-reset-confirm", &[]);
}
