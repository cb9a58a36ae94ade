mod passwords;
mod sessions;
mod throttles;

use std::time::Instant;

use shared::auth::attempts::AttemptLimits;
use shared::auth::mailed_token::MailedToken;
use shared::auth::minter::Minter;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, User, UserChange};
use shared::testing::secrets_manager::SecretsManager;
use shared::testing::{
    ATTEMPT_LIMITS, Answer, Event, Handler, PASSWORD, SESSION_LIMITS, Value, World, checks, json,
    public_recorded, run, steps, together, tokens,
};

use super::{FAILURE_SPAN, Settings, login};

const WRONG: &str = "not the password";

fn ready(world: &World) -> impl Handler + use<> {
    limited(world, ATTEMPT_LIMITS)
}

fn limited(world: &World, attempts: AttemptLimits) -> impl Handler + use<> {
    with_minter(Minter::new(&world.secret, tokens()).unwrap(), attempts)
}

fn with_minter(minter: Minter, attempts: AttemptLimits) -> impl Handler + use<> {
    public_recorded(super::OPERATION, settings(minter, attempts), login)
}

fn settings(minter: Minter, attempts: AttemptLimits) -> Settings {
    Settings { minter, sessions: SESSION_LIMITS, attempts, requires_verified_email: false }
}

/// Refuses accounts whose address is not verified.
fn strict(world: &World, attempts: AttemptLimits) -> impl Handler + use<> {
    let minter = Minter::new(&world.secret, tokens()).unwrap();
    public_recorded(
        super::OPERATION,
        Settings { requires_verified_email: true, ..settings(minter, attempts) },
        login,
    )
}

fn event() -> Event {
    Event::of("auth-login")
}

async fn call(world: &World, fields: Value) -> Answer {
    world.call(ready(world), event().with(fields)).await
}

async fn change(world: &World, user: &User, change: UserChange) -> User {
    let (store, now) = (world.app.store(), world.app.now());
    steps::update_account(store, user.id, change, &Preconditions::NONE, now).await.unwrap()
}

async fn statuses(world: &World, events: impl IntoIterator<Item = Event>) -> Vec<u16> {
    let calls = events.into_iter().map(|event| world.call(ready(world), event));
    together(calls).await.into_iter().map(|answer| answer.status).collect()
}

async fn stored_sessions(world: &World) -> usize {
    let rows = world.rows("USER#").await;
    rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with("SESSION#")).count()
}

#[test]
fn username_and_email_both_open_a_session() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let login = ready(&world);
        let password = PASSWORD;
        for body in [
            json!({"username": "amara", "password": password}),
            json!({"username": " AMARA ", "password": password}),
            json!({"username": "amara@example.com", "password": password}),
            json!({"email": "Amara@example.com", "password": password}),
        ] {
            let body = world.call(login.clone(), event().json(body)).await.expect(200);
            assert_eq!(body["token_type"], "Bearer");
            assert_eq!(body["expires_in"], 900);
            assert_eq!(body["user"]["username"], "amara");
            assert_eq!(body["ended_sessions"], 0);
            assert_eq!(body["access"].as_str().unwrap().split('.').count(), 3);
        }
    });
}

#[test]
fn every_failure_looks_the_same() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let login = ready(&world);
        let mut bodies = Vec::new();
        for wrong in [
            json!({"password": "correct-horse-battery-stapl"}),
            json!({"password": " correct-horse-battery-staple "}),
            json!({"username": "nobody"}),
            json!({"username": ""}),
            json!({"username": "a".repeat(5000)}),
        ] {
            let answer = world.call(login.clone(), event().with(wrong)).await;
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"api\""));
            bodies.push(answer.expect_problem(401, "invalid_credentials"));
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    });
}

#[test]
fn username_or_email_is_required_but_not_both() {
    run(async |world: World| {
        let login = ready(&world);
        let neither = event().json(json!({"password": "x"}));
        let problem = world.call(login.clone(), neither).await.expect_problem(400, "invalid_body");
        let required = json!({"username": ["is required unless email is given"]});
        assert_eq!(problem["errors"], required);
        let both = event().with(json!({"email": "amara@example.com"}));
        let problem = world.call(login, both).await.expect_problem(400, "invalid_body");
        assert_eq!(problem["errors"], json!({"email": ["cannot be combined with username"]}));
    });
}

#[test]
fn disabled_account_fails_like_an_unknown_one() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let unknown = call(&world, json!({"username": "nobody"})).await;
        let unknown = unknown.expect_problem(401, "invalid_credentials");
        let updated =
            change(&world, &user, UserChange { active: Some(false), ..UserChange::default() })
                .await;
        assert!(!updated.active);
        let disabled = call(&world, json!({})).await;
        assert_eq!(disabled.expect_problem(401, "invalid_credentials"), unknown);
    });
}

#[test]
fn name_that_only_looks_like_an_account_finds_none() {
    run(async |world: World| {
        // In Cyrillic letters.
        world.account_with_password("сор", PASSWORD).await;
        call(&world, json!({"username": "cop"})).await.expect(401);
        call(&world, json!({"username": "СОР"})).await.expect(200);
    });
}

#[test]
fn international_domain_is_known_in_both_spellings() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        assert_eq!(user.email.as_str(), "amara@example.com");
        for email in ["amara@ｅｘａｍｐｌｅ.com", "Amara@EXAMPLE.com"] {
            call(&world, json!({"username": null, "email": email})).await.expect(200);
        }
    });
}

#[test]
fn pending_account_can_log_in() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        change(&world, &user, UserChange { role: Some(Role::Pending), ..UserChange::default() })
            .await;
        let body = call(&world, json!({})).await.expect(200);
        assert_eq!(body["user"]["role"], "pending");
        let refresh = body["refresh"].as_str().unwrap();
        assert_eq!(refresh.split('.').count(), 4);
    });
}

#[test]
fn address_must_be_verified_if_the_operator_requires_it() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let login = strict(&world, ATTEMPT_LIMITS);
        let refused = world.call(login.clone(), event()).await;
        refused.expect_problem(403, "email_not_verified");
        assert_eq!(stored_sessions(&world).await, 0);
        // Nothing but the right password reveals it.
        for wrong in [json!({"password": WRONG}), json!({"username": "nobody"})] {
            let answer = world.call(login.clone(), event().with(wrong)).await;
            answer.expect_problem(401, "invalid_credentials");
        }
        let hash = MailedToken::received(&world.verification_of(&user).await).hash();
        world.app.store().verifications().complete(&hash, world.app.now()).await.unwrap();
        let body = world.call(login, event()).await.expect(200);
        assert_eq!(body["user"]["email_verified"], true);
    });
}

/// A stranger measures the time of a refusal, and the operator pays for its calls: both are the same for every reason.
#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "measures a span, and asks only that it is long enough"
)]
fn every_refusal_takes_the_same_time_and_calls() {
    run(async |world: World| {
        let disabled = world.account_with_password("disabled", PASSWORD).await;
        change(&world, &disabled, UserChange { active: Some(false), ..UserChange::default() })
            .await;
        world.account_with_password("amara", PASSWORD).await;
        let refusals = [
            json!({"username": "nobody"}),
            json!({"username": "disabled"}),
            json!({"password": WRONG}),
            json!({"username": "n".repeat(5000)}),
        ];
        world.calls.take();
        for body in &refusals {
            let started = Instant::now();
            call(&world, body.clone()).await.expect(401);
            assert!(started.elapsed() >= FAILURE_SPAN);
            let reads = ["UpdateItem", "UpdateItem", "UpdateItem", "GetItem", "BatchGetItem"];
            assert_eq!(world.calls.take(), reads);
        }
        // All of them need a slot for hashing.
        let _taken = world.app.hash_slots().take_all().unwrap();
        let answers = together(refusals.map(|body| call(&world, body))).await;
        assert!(answers.iter().all(|answer| answer.status == 503));
    });
}

#[test]
fn login_makes_eleven_calls_and_nine_from_a_known_address() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let login = ready(&world);
        for (reservations, releases) in [(3, 3), (2, 2)] {
            world.calls.take();
            world.call(login.clone(), event()).await.expect(200);
            let calls = world.calls.take();
            let counts = |name: &str| calls.iter().filter(|call| *call == name).count();
            // The login itself is counted, too.
            assert_eq!(counts("UpdateItem"), reservations + 1 + releases, "{calls:?}");
            for once in ["GetItem", "BatchGetItem", "Query", "TransactWriteItems"] {
                assert_eq!(counts(once), 1, "{calls:?}");
            }
            // The first login of a process also publishes its key.
            let published = usize::from(reservations == 3);
            assert_eq!(counts("PutItem"), published, "{calls:?}");
            assert_eq!(calls.len(), reservations + releases + 5 + published, "{calls:?}");
        }
    });
}

/// An old process may sign with a key that it did not make: the one before the current one.
#[test]
fn previous_key_signs_while_the_current_one_is_too_young() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let secrets = SecretsManager::with("the first secret of a test, long enough").await;
        let before = with_minter(Minter::stored(secrets.secret(), tokens()), ATTEMPT_LIMITS);
        world.call(before, event()).await.expect(200);
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        secrets.replace("the second secret of a test, long enough").await;
        let after = with_minter(Minter::stored(secrets.secret(), tokens()), ATTEMPT_LIMITS);
        world.calls.take();
        let body = world.call(after, event()).await.expect(200);
        let calls = world.calls.take();
        assert_eq!(calls.iter().filter(|call| *call == "GetItem").count(), 2, "{calls:?}");
        // This verifier does not know the second key yet.
        assert_eq!(world.status_in(&world.app, body["access"].as_str().unwrap()).await, 204);
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        world.account_with_password("amara", PASSWORD).await;
        (ready(world), event())
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-login", &[]);
}
