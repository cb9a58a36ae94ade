//! Throttles of signing in: a withdrawn attempt is not counted, every other one is.

use std::time::Duration;

use shared::ApiError;
use shared::auth::attempts::{
    AttemptLimits, LoginAttempt, PasswordAttempt, registration, reset_confirmation,
};
use shared::model::address::SourceAddress;
use shared::model::id::{Id, UserId};
use shared::store::{RowRule, WindowRule};
use shared::testing::{ATTEMPT_LIMITS, World, run};

/// One attempt in a row, one of an address, and one of a name.
const ONCE: AttemptLimits = AttemptLimits {
    row: RowRule { free: 1, ..ATTEMPT_LIMITS.row },
    address: WindowRule { tries: 1, ..ATTEMPT_LIMITS.address },
    identifier: WindowRule { tries: 1, ..ATTEMPT_LIMITS.identifier },
    ..ATTEMPT_LIMITS
};

fn address() -> SourceAddress {
    "203.0.113.10".parse().unwrap()
}

fn is_refused<T>(outcome: &Result<T, ApiError>) -> bool {
    matches!(outcome, Err(ApiError::TooManyAttempts { .. }))
}

#[test]
fn withdrawn_login_is_not_counted() {
    run(async |world: World| {
        let (store, now) = (world.app.store(), world.app.now());
        let reserve = || LoginAttempt::reserve(store, now, &ONCE, "amara", address());
        for _ in 0..3 {
            reserve().await.unwrap().withdraw(store).await;
        }
        let attempt = reserve().await.unwrap();
        assert!(is_refused(&reserve().await));
        attempt.succeed(store, now).await;
        // A success takes the attempt back, and makes the address known.
        reserve().await.unwrap();
    });
}

#[test]
fn withdrawn_password_change_is_not_counted() {
    run(async |world: World| {
        let (store, now) = (world.app.store(), world.app.now());
        let id = UserId::new(7).unwrap();
        let reserve = || PasswordAttempt::reserve(store, now, &ONCE, id);
        for _ in 0..3 {
            reserve().await.unwrap().withdraw(store).await;
        }
        reserve().await.unwrap();
        assert!(is_refused(&reserve().await));
    });
}

#[test]
fn registrations_and_confirmations_are_counted_by_address_for_an_hour() {
    run(async |world: World| {
        let store = world.app.store();
        let register = || registration(store, world.app.now(), &ONCE, address());
        let confirm = || reset_confirmation(store, world.app.now(), &ONCE, address());
        register().await.unwrap();
        assert!(is_refused(&register().await));
        // The two have separate counters.
        confirm().await.unwrap();
        assert!(is_refused(&confirm().await));
        world.advance(Duration::from_hours(1));
        register().await.unwrap();
        confirm().await.unwrap();
    });
}
