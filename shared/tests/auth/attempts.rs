//! Throttles: what is given back counts as not tried, and what is not given back counts.

use std::time::Duration;

use shared::ApiError;
use shared::auth::attempts::{
    AttemptLimits, LoginAttempt, PasswordAttempt, registration, reset_confirmation,
};
use shared::model::address::SourceAddress;
use shared::model::id::{Id, UserId};
use shared::table::{RowRule, WindowRule};
use shared::testing::{ATTEMPT_LIMITS, World, run};

/// One try each, in a row, of an address and of a name.
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
fn a_login_that_is_withdrawn_was_not_tried() {
    run(async |world: World| {
        let reserve = || LoginAttempt::reserve(&world.app, &ONCE, "amara", address());
        for _ in 0..3 {
            reserve().await.unwrap().withdraw(&world.app).await;
        }
        let attempt = reserve().await.unwrap();
        assert!(is_refused(&reserve().await));
        attempt.succeed(&world.app).await;
        // A success gives back what it took, and makes the address known.
        reserve().await.unwrap();
    });
}

#[test]
fn a_change_of_password_that_is_withdrawn_was_not_tried() {
    run(async |world: World| {
        let id = UserId::new(7).unwrap();
        let reserve = || PasswordAttempt::reserve(&world.app, &ONCE, id);
        for _ in 0..3 {
            reserve().await.unwrap().withdraw(&world.app).await;
        }
        reserve().await.unwrap();
        assert!(is_refused(&reserve().await));
    });
}

#[test]
fn registrations_and_confirmations_count_by_address_for_an_hour() {
    run(async |world: World| {
        let app = &world.app;
        registration(app, &ONCE, address()).await.unwrap();
        assert!(is_refused(&registration(app, &ONCE, address()).await));
        // Counted apart.
        reset_confirmation(app, &ONCE, address()).await.unwrap();
        assert!(is_refused(&reset_confirmation(app, &ONCE, address()).await));
        world.advance(Duration::from_hours(1));
        registration(app, &ONCE, address()).await.unwrap();
        reset_confirmation(app, &ONCE, address()).await.unwrap();
    });
}
