//! Hashing: as many passwords at once as memory allows; a request that waits too long is refused.

use secrecy::ExposeSecret;
use shared::ApiError;
use shared::auth::password::PasswordCheck;
use shared::testing::{PASSWORD, World, run, together};

#[test]
fn request_without_a_hash_slot_gets_503_after_a_wait() {
    run(async |world: World| {
        let slots = world.app.hash_slots();
        let taken = slots.take_all().unwrap();
        let waiting = together((0..4).map(|_| slots.verify(None, PASSWORD.into()))).await;
        for outcome in waiting {
            assert!(matches!(outcome, Err(ApiError::Unavailable { retry_after: 1, .. })));
        }
        drop(taken);
        let check = slots.verify(None, PASSWORD.into()).await.unwrap();
        assert_eq!(check, PasswordCheck::Wrong);
    });
}

#[test]
fn request_gets_a_hash_slot_that_becomes_free() {
    run(async |world: World| {
        let (slots, system) = (world.app.hash_slots().clone(), world.app.system().clone());
        let taken = slots.take_all().unwrap();
        let waiting = tokio::spawn(async move { slots.hash(&system, PASSWORD.into()).await });
        tokio::task::yield_now().await;
        drop(taken);
        assert!(waiting.await.unwrap().unwrap().expose_secret().starts_with("$argon2id$"));
    });
}

#[test]
fn costlier_hash_takes_several_slots_and_is_verified() {
    // The hash of `correct-horse-battery-staple` by Django: 102 400 KiB, 8 lanes.
    const DJANGOS: &str = "$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$Cgmrz9ykCrjtfvJCTHb2Xwe8rvQg1A2EevVB8E0BFLU";
    run(async |world: World| {
        let (slots, hash) = (world.app.hash_slots(), DJANGOS.into());
        let check = slots.verify(Some(&hash), PASSWORD.into()).await.unwrap();
        assert_eq!(check, PasswordCheck::Right { is_outdated: true });
        let check = slots.verify(Some(&hash), "another".into()).await.unwrap();
        assert_eq!(check, PasswordCheck::Wrong);
    });
}
