//! Passwords and their hashes, of every kind and spelling.

use secrecy::{ExposeSecret, SecretString};
use shared::model::user::User;
use shared::testing::{PASSWORD, World, json, run};

use super::{WRONG, call, event, statuses};

/// A hash of [`PASSWORD`] in Django's format.
const DJANGO: &str = "pbkdf2_sha256$1000$saltsalt$GiyXZ/OYCCmq7R5nM/hxhYLtCzjCT03WQfxIQzu4elE=";

/// Returns the stored hash of an account's password.
async fn hash_of(world: &World, user: &User) -> SecretString {
    let found = world.app.store().credentials().named(&user.username.unique_form()).await.unwrap();
    found.unwrap().password_hash.unwrap()
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
