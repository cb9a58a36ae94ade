use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::auth::attempts::AttemptLimits;
use shared::auth::minter::Minter;
use shared::endpoint::Reply;
use shared::model::user::{Role, UserChange};
use shared::model::version::IfMatch;
use shared::runtime::public;
use shared::table::{RowRule, UserUpdated, WindowRule};
use shared::testing::{
    ATTEMPT_LIMITS, Answer, Event, PASSWORD, SESSION_LIMITS, Value, World, checks, json, run,
    steps, together,
};
use shared::{App, Request};

use super::{FAILURE_SPAN, Settings, login};

fn ready(world: &World) -> impl Fn(App, Request) -> Reply + Clone + use<> {
    limited(world, ATTEMPT_LIMITS)
}

fn limited(
    world: &World,
    attempts: AttemptLimits,
) -> impl Fn(App, Request) -> Reply + Clone + use<> {
    let settings = Arc::new(Settings {
        minter: Minter::new(&world.secret).unwrap(),
        sessions: SESSION_LIMITS,
        attempts,
    });
    public(move |app, request| login(app, settings.clone(), request))
}

fn event() -> Event {
    Event::of("auth-login")
}

async fn call(world: &World, fields: Value) -> Answer {
    world.call(ready(world), event().with(fields)).await
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
fn either_name_is_needed_and_not_both() {
    run(async |world: World| {
        let login = ready(&world);
        let neither = event().json(json!({"password": "x"}));
        let problem = world.call(login.clone(), neither).await.expect_problem(400, "invalid_body");
        assert!(problem["errors"]["username"].is_array());
        let both = event().with(json!({"email": "amara@example.com"}));
        let problem = world.call(login, both).await.expect_problem(400, "invalid_body");
        assert!(problem["errors"]["email"].is_array());
    });
}

const WRONG: &str = "not the password";

fn from(address: &str, fields: Value) -> Event {
    event().with(fields).from_address(address)
}

async fn statuses(world: &World, events: impl IntoIterator<Item = Event>) -> Vec<u16> {
    let calls = events.into_iter().map(|event| world.call(ready(world), event));
    together(calls).await.into_iter().map(|answer| answer.status).collect()
}

/// As many tries of a name from ever new addresses, not so many at once that hashing is the limit.
async fn bots(world: &World, tries: u32) -> Vec<u16> {
    let mut answers = Vec::new();
    for first in (0..tries).step_by(10) {
        let bot = |n| from(&format!("198.51.100.{n}"), json!({"password": WRONG}));
        answers.extend(statuses(world, (first..tries.min(first + 10)).map(bot)).await);
    }
    answers
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|it| **it == status).count()
}

#[test]
fn a_disabled_account_fails_like_any_other() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let unknown = call(&world, json!({"username": "nobody"})).await;
        let unknown = unknown.expect_problem(401, "invalid_credentials");
        let change = UserChange { role: None, active: Some(false) };
        let updated =
            steps::update_user(world.app.table(), user.id, change, &IfMatch::Any, world.app.now());
        assert!(matches!(updated.await.unwrap(), UserUpdated::Done(_)));
        let disabled = call(&world, json!({})).await;
        assert_eq!(disabled.expect_problem(401, "invalid_credentials"), unknown);
    });
}

#[test]
fn an_account_without_a_password_fails_like_any_other() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let [old, none] =
            [world.app.table().password_hash(user.id).await.unwrap().unwrap(), "".into()];
        world.app.table().upgrade_password_hash(user.id, &old, &none).await.unwrap();
        call(&world, json!({"password": ""})).await.expect_problem(401, "invalid_credentials");
    });
}

#[test]
fn of_200_at_once_ten_are_looked_at() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let answers =
            statuses(&world, (0..200).map(|_| event().with(json!({"password": WRONG})))).await;
        assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 190));
    });
}

#[test]
fn after_ten_in_a_row_pauses_double_and_the_owner_gets_in_after_one() {
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
fn the_longest_pause_is_fifteen_minutes_and_a_day_later_all_is_forgotten() {
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
fn an_address_has_so_many_tries_an_hour_and_ipv6_counts_by_network() {
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
fn failures_are_forgotten_after_a_day_at_a_known_address_too() {
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
fn a_success_costs_no_try() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        for n in 0..60 {
            // From ever new addresses: of the name, 50 tries would be all.
            let address = format!("198.51.100.{n}");
            world.call(ready(&world), from(&address, json!({}))).await.expect(200);
        }
    });
}

#[test]
fn a_botnet_is_kept_out_and_the_owner_is_not() {
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
fn an_address_is_known_for_thirty_days() {
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
fn what_is_stored_of_tries_names_nobody() {
    run(async |world: World| {
        call(&world, json!({"username": "canary", "password": WRONG})).await.expect(401);
        let rows = world.rows("ATTEMPTS#").await;
        assert_eq!(rows.len(), 3);
        let stored = format!("{rows:?}");
        assert!(!stored.contains("canary") && !stored.contains("203.0.113.10"), "{stored}");
    });
}

#[test]
fn djangos_hashes_fit_and_are_upgraded_at_the_first_login() {
    const DJANGOS: &str =
        "pbkdf2_sha256$1000$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=";
    run(async |world: World| {
        let user = world.account_with_password("amara", "something else entirely").await;
        let table = world.app.table();
        let old = table.password_hash(user.id).await.unwrap().unwrap();
        table.upgrade_password_hash(user.id, &old, &DJANGOS.into()).await.unwrap();

        call(&world, json!({"password": WRONG})).await.expect(401);
        call(&world, json!({})).await.expect(200);
        let now = table.password_hash(user.id).await.unwrap().unwrap();
        let now = secrecy::ExposeSecret::expose_secret(&now);
        assert!(now.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{now}");
        call(&world, json!({})).await.expect(200);
        call(&world, json!({"password": WRONG})).await.expect(401);
    });
}

#[test]
fn a_role_says_nothing_about_a_login() {
    run(async |world: World| {
        let user = world.account_with_password("amara", PASSWORD).await;
        let change = UserChange { role: Some(Role::Pending), active: None };
        let updated =
            steps::update_user(world.app.table(), user.id, change, &IfMatch::Any, world.app.now());
        updated.await.unwrap();
        let body = call(&world, json!({})).await.expect(200);
        assert_eq!(body["user"]["role"], "pending");
        let refresh = body["refresh"].as_str().unwrap();
        assert_eq!(refresh.split('.').count(), 4);
    });
}

/// A stranger measures time, and whoever runs the stack pays for calls: a refusal has the same of both.
#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "measures a span, and asks only that it is long enough"
)]
fn every_refusal_costs_the_same() {
    run(async |world: World| {
        let disabled = world.account_with_password("disabled", PASSWORD).await;
        let change = UserChange { role: None, active: Some(false) };
        let table = world.app.table();
        steps::update_user(table, disabled.id, change, &IfMatch::Any, world.app.now())
            .await
            .unwrap();
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
        // All of them need a place for hashing.
        let _taken = world.app.places().take_all().unwrap();
        let answers = together(refusals.map(|body| call(&world, body))).await;
        assert!(answers.iter().all(|answer| answer.status == 503));
    });
}

#[test]
fn a_login_makes_nine_calls_and_seven_from_a_known_address() {
    run(async |world: World| {
        world.account_with_password("amara", PASSWORD).await;
        let login = ready(&world);
        for (reservations, releases) in [(3, 3), (2, 2)] {
            world.calls.take();
            world.call(login.clone(), event()).await.expect(200);
            let mut calls = world.calls.take();
            // The process's first publishes its key.
            if reservations == 3 {
                assert_eq!(calls.remove(5), "PutItem");
            }
            let counts = |name: &str| calls.iter().filter(|call| *call == name).count();
            assert_eq!(counts("UpdateItem"), reservations + releases, "{calls:?}");
            assert_eq!(calls.len(), reservations + releases + 3, "{calls:?}");
        }
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
    checks::policy_grants_nothing_else(&[]);
}
