use std::time::Duration;

use shared::auth::signing_key::SigningKey;
use shared::model::user::Role;
use shared::testing::{Event, World, checks, json, public, run};

use super::jwks;

const HALF_HOUR: Duration = Duration::from_secs(30 * 60);

fn event() -> Event {
    Event::of("auth-jwks")
}

#[test]
fn set_is_empty_before_the_first_key() {
    run(async |world: World| {
        let body = world.call(public(jwks), event()).await.expect(200);
        assert_eq!(body, json!({"keys": []}));
    });
}

#[test]
fn returns_only_the_public_half_of_the_signing_key() {
    run(async |world: World| {
        world.actor(Role::Pending).await;
        let key = SigningKey::derive(&world.secret).unwrap().public(world.app.now());
        let answer = world.call(public(jwks), event()).await;
        assert_eq!(answer.header("cache-control"), Some("public, max-age=30"));
        assert_eq!(
            answer.expect(200),
            json!({"keys": [{
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
                "kid": key.kid, "x": key.x,
            }]})
        );
    });
}

#[test]
fn key_is_returned_until_it_retires() {
    run(async |world: World| {
        world.actor(Role::Pending).await;
        let keys = async || {
            let body = world.call(public(jwks), event()).await.expect(200);
            body["keys"].as_array().unwrap().clone()
        };
        let (kid, now) = (keys().await[0]["kid"].clone(), world.app.now());
        let signing_keys = world.app.store().signing_keys();
        signing_keys.retire(kid.as_str().unwrap(), now.plus(HALF_HOUR)).await.unwrap();
        world.advance(HALF_HOUR - Duration::from_millis(1));
        assert_eq!(keys().await.len(), 1);
        world.advance(Duration::from_millis(1));
        assert_eq!(keys().await.len(), 0);
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |_| (public(jwks), event()));
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-jwks", &[]);
}
