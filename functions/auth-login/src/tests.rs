use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use shared::auth::attempts::AttemptLimits;
use shared::auth::mailed_token::MailedToken;
use shared::auth::minter::Minter;
use shared::auth::sessions;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, User, UserChange};
use shared::store::{RowRule, WindowRule};
use shared::testing::secrets_manager::SecretsManager;
use shared::testing::{
    ATTEMPT_LIMITS, Answer, Event, Handler, PASSWORD, SESSION_LIMITS, Value, World, checks, json,
    public_with, run, steps, together, tokens,
};

use super::{FAILURE_SPAN, Settings, login};

fn ready(world: &World) -> impl Handler + use<> {
    limited(world, ATTEMPT_LIMITS)
}

fn limited(world: &World, attempts: AttemptLimits) -> impl Handler + use<> {
    with_minter(Minter::new(&world.secret, tokens()).unwrap(), attempts)
}

fn with_minter(minter: Minter, attempts: AttemptLimits) -> impl Handler + use<> {
    public_with(settings(minter, attempts), login)
}

fn settings(minter: Minter, attempts: AttemptLimits) -> Settings {
    Settings { minter, sessions: SESSION_LIMITS, attempts, requires_verified_email: false }
}

/// Refuses accounts whose address is not verified.
fn strict(world: &World, attempts: AttemptLimits) -> impl Handler + use<> {
    let minter = Minter::new(&world.secret, tokens()).unwrap();
    public_with(Settings { requires_verified_email: true, ..settings(minter, attempts) }, login)
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

/// Returns the stored hash of an account's password.
async fn hash_of(world: &World, user: &User) -> SecretString {
    let found = world.app.store().credentials().named(&user.username.unique_form()).await.unwrap();
    found.unwrap().password_hash.unwrap()
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

const WRONG: &str = "not the password";

/// A hash of [`PASSWORD`] in Django's format.
const DJANGO: &str = "pbkdf2_sha256$1000$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=";

fn from(address: &str, fields: Value) -> Event {
    event().with(fields).from_address(address)
}

async fn statuses(world: &World, events: impl IntoIterator<Item = Event>) -> Vec<u16> {
    let calls = events.into_iter().map(|event| world.call(ready(world), event));
    together(calls).await.into_iter().map(|answer| answer.status).collect()
}

/// Attempts with a name, each from another address. At most ten run at once, so that hashing is not the limit.
async fn bots(world: &World, attempts: u32) -> Vec<u16> {
    let mut answers = Vec::new();
    for first in (0..attempts).step_by(10) {
        let bot = |n| from(&format!("198.51.100.{n}"), json!({"password": WRONG}));
        answers.extend(statuses(world, (first..attempts.min(first + 10)).map(bot)).await);
    }
    answers
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|it| **it == status).count()
}

#[test]
fn disabled_account_fails_like_an_unknown_one() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let unknown = call(&world, json!({"username": "nobody"})).await;
        let unknown = unknown.expect_problem(401, "invalid_credentials");
        let updated = change(&world, &user, UserChange { role: None, active: Some(false) }).await;
        assert!(!updated.active);
        let disabled = call(&world, json!({})).await;
        assert_eq!(disabled.expect_problem(401, "invalid_credentials"), unknown);
    });
}

#[test]
fn account_without_a_password_fails_like_an_unknown_one() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let (old, none) = (hash_of(&world, &user).await, "".into());
        world.app.store().credentials().upgrade(user.id, &old, &none).await.unwrap();
        call(&world, json!({"password": ""})).await.expect_problem(401, "invalid_credentials");
    });
}

#[test]
fn only_ten_of_200_concurrent_attempts_are_checked() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let answers =
            statuses(&world, (0..200).map(|_| event().with(json!({"password": WRONG})))).await;
        // On a busy machine, DynamoDB may answer some of them too late.
        let late = count(&answers, 503);
        assert!((10 - late.min(10)..=10).contains(&count(&answers, 401)), "{answers:?}");
        assert_eq!(count(&answers, 401) + count(&answers, 429) + late, 200);
    });
}

#[test]
fn pauses_double_after_ten_failures_and_the_owner_gets_in_after_one() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        for _ in 0..10 {
            call(&world, json!({"password": WRONG})).await.expect(401);
        }
        for wait in [1, 2, 4, 8] {
            let refused = call(&world, json!({})).await;
            assert_eq!(refused.header("retry-after"), Some(wait.to_string().as_str()));
            refused.expect_problem(429, "too_many_attempts");
            world.advance(Duration::from_millis(wait * 1000 - 1));
            call(&world, json!({})).await.expect(429);
            world.advance(Duration::from_millis(1));
            if wait < 8 {
                call(&world, json!({"password": WRONG})).await.expect(401);
            }
        }
        call(&world, json!({})).await.expect(200);
        // A new row begins.
        for _ in 0..10 {
            call(&world, json!({"password": WRONG})).await.expect(401);
        }
    });
}

#[test]
fn longest_pause_is_fifteen_minutes_and_failures_are_forgotten_after_a_day() {
    run(async |world: World| {
        let limits =
            AttemptLimits { row: RowRule { free: 1, ..ATTEMPT_LIMITS.row }, ..ATTEMPT_LIMITS };
        let login = limited(&world, limits);
        let wrong = || event().with(json!({"password": WRONG}));
        for _ in 0..12 {
            world.call(login.clone(), wrong()).await.expect(401);
            world.advance(Duration::from_secs(900));
        }
        world.call(login.clone(), wrong()).await.expect(401);
        let refused = world.call(login.clone(), wrong()).await;
        assert_eq!(refused.header("retry-after"), Some("900"));
        world.advance(Duration::from_secs(24 * 60 * 60));
        world.call(login.clone(), wrong()).await.expect(401);
        let refused = world.call(login, wrong()).await;
        assert_eq!(refused.header("retry-after"), Some("1"));
    });
}

#[test]
fn attempts_are_limited_by_address_per_hour_and_ipv6_by_network() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let address = WindowRule { tries: 8, ..ATTEMPT_LIMITS.address };
        let login = limited(&world, AttemptLimits { address, ..ATTEMPT_LIMITS });
        let stuffing = |n: u32| {
            let body = json!({"username": format!("user-{n}"), "password": WRONG});
            world.call(login.clone(), from(&format!("2001:db8:1:2::{n:x}"), body))
        };
        let answers = together((0..10).map(stuffing)).await;
        let answers: Vec<u16> = answers.into_iter().map(|answer| answer.status).collect();
        assert_eq!((count(&answers, 401), count(&answers, 429)), (8, 2));

        let amara = async |address| world.call(login.clone(), from(address, json!({}))).await;
        let refused = amara("2001:db8:1:2:ffff::").await;
        assert_eq!(refused.header("retry-after"), Some("3600"));
        amara("2001:db8:1:3::").await.expect(200);
        world.advance(Duration::from_secs(3600));
        amara("2001:db8:1:2:ffff::").await.expect(200);
    });
}

#[test]
fn failures_at_a_known_address_are_forgotten_after_a_day() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        call(&world, json!({})).await.expect(200);
        for _ in 0..10 {
            call(&world, json!({"password": WRONG})).await.expect(401);
        }
        call(&world, json!({})).await.expect(429);
        world.advance(Duration::from_secs(24 * 60 * 60));
        for _ in 0..10 {
            call(&world, json!({"password": WRONG})).await.expect(401);
        }
        call(&world, json!({})).await.expect(429);
    });
}

#[test]
fn success_uses_up_no_attempt() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        for n in 0..60 {
            // Each from another address; 50 failures would use up the attempts of the name.
            let address = format!("198.51.100.{n}");
            world.call(ready(&world), from(&address, json!({}))).await.expect(200);
        }
    });
}

#[test]
fn botnet_is_locked_out_and_the_owner_is_not() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let (home, elsewhere) = ("203.0.113.10", "203.0.113.99");
        world.call(ready(&world), from(home, json!({}))).await.expect(200);

        let answers = bots(&world, 60).await;
        assert_eq!((count(&answers, 401), count(&answers, 429)), (50, 10));

        world.call(ready(&world), from(home, json!({}))).await.expect(200);
        world.call(ready(&world), from(elsewhere, json!({}))).await.expect(429);
        world.advance(Duration::from_secs(3600));
        world.call(ready(&world), from(elsewhere, json!({}))).await.expect(200);
    });
}

#[test]
fn address_stays_known_for_thirty_days() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let home = "203.0.113.10";
        world.call(ready(&world), from(home, json!({}))).await.expect(200);
        world.advance(Duration::from_secs(30 * 24 * 60 * 60));
        bots(&world, 50).await;
        world.call(ready(&world), from(home, json!({}))).await.expect(429);
    });
}

#[test]
fn stored_attempts_hold_neither_name_nor_address() {
    run(async |world: World| {
        call(&world, json!({"username": "canary", "password": WRONG})).await.expect(401);
        let rows = world.rows("ATTEMPTS#").await;
        assert_eq!(rows.len(), 3);
        let stored = format!("{rows:?}");
        assert!(!stored.contains("canary") && !stored.contains("203.0.113.10"), "{stored}");
    });
}

#[test]
fn django_hash_is_verified_and_upgraded_at_the_first_login() {
    run(async |world: World| {
        let user = world.account_with_password("amara", "something else entirely").await;
        let old = hash_of(&world, &user).await;
        world.app.store().credentials().upgrade(user.id, &old, &DJANGO.into()).await.unwrap();

        call(&world, json!({"password": WRONG})).await.expect(401);
        call(&world, json!({})).await.expect(200);
        let now = hash_of(&world, &user).await;
        let now = now.expose_secret();
        assert!(now.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{now}");
        call(&world, json!({})).await.expect(200);
        call(&world, json!({"password": WRONG})).await.expect(401);
    });
}

/// Each replaces the hash. The one that is later verifies the new one.
#[test]
fn concurrent_first_logins_with_an_imported_hash_succeed() {
    run(async |world: World| {
        let user = world.account_with_password("amara", "something else entirely").await;
        let old = hash_of(&world, &user).await;
        world.app.store().credentials().upgrade(user.id, &old, &DJANGO.into()).await.unwrap();
        let answers = statuses(&world, (0..3).map(|_| event())).await;
        assert_eq!(answers, [200, 200, 200]);
    });
}

#[test]
fn composed_and_decomposed_password_are_equal() {
    run(async |world: World| {
        world.account_with_password("amara", "pa\u{308}sswort-mit-Umlaut").await;
        for password in ["p\u{e4}sswort-mit-Umlaut", "pa\u{308}sswort-mit-Umlaut"] {
            call(&world, json!({"password": password})).await.expect(200);
        }
        call(&world, json!({"password": "passwort-mit-Umlaut"})).await.expect(401);
    });
}

#[test]
fn hash_of_a_decomposed_password_is_replaced_by_that_of_its_normal_form() {
    // The hash of `DECOMPOSED` as it is typed here.
    const OLD: &str = "pbkdf2_sha256$1000$saltsalt$MvPIDwS2LxMHGuWVAgi3+C2gv/VF/eSWhXbOTQ+3zY0=";
    const DECOMPOSED: &str = "pa\u{308}sswort-mit-Umlaut";
    const COMPOSED: &str = "p\u{e4}sswort-mit-Umlaut";
    run(async |world: World| {
        let user = world.account_with_password("amara", "something else entirely").await;
        let old = hash_of(&world, &user).await;
        world.app.store().credentials().upgrade(user.id, &old, &OLD.into()).await.unwrap();

        call(&world, json!({"password": COMPOSED})).await.expect(401);
        call(&world, json!({"password": DECOMPOSED})).await.expect(200);
        assert!(hash_of(&world, &user).await.expose_secret().starts_with("$argon2id$"));
        for password in [COMPOSED, DECOMPOSED] {
            call(&world, json!({"password": password})).await.expect(200);
        }
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
        change(&world, &user, UserChange { role: Some(Role::Pending), active: None }).await;
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

/// As [`refused_login_counts_as_an_attempt`].
#[test]
fn login_without_a_verified_address_counts_as_an_attempt() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let row = RowRule { free: 2, ..ATTEMPT_LIMITS.row };
        let login = strict(&world, AttemptLimits { row, ..ATTEMPT_LIMITS });
        for _ in 0..2 {
            world.call(login.clone(), event()).await.expect(403);
        }
        let refused = world.call(login, event()).await;
        refused.expect_problem(429, "too_many_attempts");
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
        change(&world, &disabled, UserChange { role: None, active: Some(false) }).await;
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

#[test]
fn fifty_first_session_ends_the_oldest_and_the_answer_says_so() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let mut open = Vec::new();
        for _ in 0..50 {
            open.push(world.sign_in(user.clone()).await);
            world.advance(Duration::from_secs(1));
        }
        // The oldest by its login, also if it was used last.
        let (store, system, idle) = (world.app.store(), world.app.system(), SESSION_LIMITS.idle);
        let oldest = open[0].refresh.expose_secret();
        sessions::refresh(store, system, &world.minter, idle, oldest).await.unwrap();
        let body = call(&world, json!({})).await.expect(200);
        assert_eq!(body["ended_sessions"], 1);
        assert_eq!(world.status_of(&open[0]).await, 401);
        assert_eq!(world.status_of(&open[1]).await, 204);
        assert_eq!(stored_sessions(&world).await, 50);
    });
}

/// DynamoDB removes them late.
#[test]
fn sessions_that_have_ended_leave_the_table_before_open_ones() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        for _ in 0..49 {
            world.sign_in(user.clone()).await;
        }
        world.advance(SESSION_LIMITS.idle);
        let open = world.sign_in(user).await;
        let body = call(&world, json!({})).await.expect(200);
        assert_eq!(body["ended_sessions"], 0);
        assert_eq!(world.status_of(&open).await, 204);
        assert_eq!(stored_sessions(&world).await, 50);
    });
}

async fn stored_sessions(world: &World) -> usize {
    let rows = world.rows("USER#").await;
    rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with("SESSION#")).count()
}

#[test]
fn successful_logins_of_an_account_are_limited_by_hour() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let logins = WindowRule { tries: 2, ..ATTEMPT_LIMITS.logins };
        let login = limited(&world, AttemptLimits { logins, ..ATTEMPT_LIMITS });
        let amara = async |name: &str, password: &str| {
            let body = json!({"username": name, "password": password});
            world.call(login.clone(), event().with(body)).await
        };
        // By account: the email is another name of the same one.
        amara("amara", PASSWORD).await.expect(200);
        amara("amara", WRONG).await.expect(401);
        amara("amara@example.com", PASSWORD).await.expect(200);
        let refused = amara("amara", PASSWORD).await;
        assert_eq!(refused.header("retry-after"), Some("3600"));
        refused.expect_problem(429, "too_many_attempts");
        amara("amara", WRONG).await.expect(401);
        assert_eq!(stored_sessions(&world).await, 2);
        world.advance(Duration::from_secs(3600));
        amara("amara", PASSWORD).await.expect(200);
    });
}

/// Otherwise a client that signs in in a loop would have passwords hashed without a pause.
#[test]
fn refused_login_counts_as_an_attempt() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let logins = WindowRule { tries: 1, ..ATTEMPT_LIMITS.logins };
        let row = RowRule { free: 2, ..ATTEMPT_LIMITS.row };
        let login = limited(&world, AttemptLimits { logins, row, ..ATTEMPT_LIMITS });
        let attempt = async || world.call(login.clone(), event()).await;
        attempt().await.expect(200);
        for _ in 0..2 {
            assert_eq!(attempt().await.header("retry-after"), Some("3600"));
        }
        let refused = attempt().await;
        assert_eq!(refused.header("retry-after"), Some("1"));
        refused.expect(429);
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
