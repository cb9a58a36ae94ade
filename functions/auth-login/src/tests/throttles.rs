//! The limits of attempts: by name, address and account.

use std::time::Duration;

use shared::auth::attempts::AttemptLimits;
use shared::store::{RowRule, WindowRule};
use shared::testing::{ATTEMPT_LIMITS, Event, PASSWORD, Value, World, json, run, together};

use super::{WRONG, call, event, limited, ready, statuses, stored_sessions, strict};

fn from(address: &str, fields: Value) -> Event {
    event().with(fields).from_address(address)
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
