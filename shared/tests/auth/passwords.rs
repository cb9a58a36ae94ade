//! Hashing: as much at once as memory allows, and what waits too long is answered.

use secrecy::ExposeSecret;
use shared::ApiError;
use shared::auth::password::{self, Verdict};
use shared::testing::{PASSWORD, World, run, together};

#[test]
fn who_finds_no_place_waits_and_is_sent_away_with_a_503() {
    run(async |world: World| {
        let app = &world.app;
        let taken = app.places().take_all().unwrap();
        let waiting = together((0..4).map(|_| password::verify(app, None, PASSWORD.into()))).await;
        for outcome in waiting {
            assert!(matches!(outcome, Err(ApiError::Unavailable { retry_after: 1, .. })));
        }
        drop(taken);
        let verdict = password::verify(app, None, PASSWORD.into()).await.unwrap();
        assert_eq!(verdict, Verdict::Wrong);
    });
}

#[test]
fn who_waits_a_moment_gets_a_place() {
    run(async |world: World| {
        let app = world.app.clone();
        let taken = app.places().take_all().unwrap();
        let waiting = tokio::spawn(async move { password::hash(&app, PASSWORD.into()).await });
        tokio::task::yield_now().await;
        drop(taken);
        assert!(waiting.await.unwrap().unwrap().expose_secret().starts_with("$argon2id$"));
    });
}

#[test]
fn a_costlier_hash_takes_more_places_and_is_still_verified() {
    // 102 400 KiB with 8 lanes, as Django makes it; of `correct-horse-battery-staple`.
    const DJANGOS: &str = "$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$Cgmrz9ykCrjtfvJCTHb2Xwe8rvQg1A2EevVB8E0BFLU";
    run(async |world: World| {
        let hash = DJANGOS.into();
        let verdict = password::verify(&world.app, Some(&hash), PASSWORD.into()).await.unwrap();
        assert_eq!(verdict, Verdict::Right { is_outdated: true });
        let verdict = password::verify(&world.app, Some(&hash), "another".into()).await.unwrap();
        assert_eq!(verdict, Verdict::Wrong);
    });
}
