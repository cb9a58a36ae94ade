//! Older emulators: the refusal of a condition does not have the item, so the item is read again.

use std::time::Duration;

use secrecy::ExposeSecret;
use shared::App;
use shared::auth::sessions;
use shared::auth::signing_key::SigningKey;
use shared::model::user::Role;
use shared::store::{Reserved, RowRule, ThrottleKey};
use shared::testing::faults::{Fault, When};
use shared::testing::{Value, World, json, run, together};

const SECOND: Duration = Duration::from_secs(1);

async fn app(world: &World) -> App {
    world.app_with_fault(When::Always, Fault::ItemWithheld).await
}

#[test]
fn throttle_waits_and_counts_on() {
    run(async |world: World| {
        let app = app(&world).await;
        let key = ThrottleKey::new("test", &["amara"]);
        let rule = RowRule { free: 1, first_wait: SECOND, longest_wait: SECOND };
        let reserve =
            async || app.store().throttles().reserve_in_row(&key, &rule, world.app.now()).await;
        assert_eq!(reserve().await.unwrap(), Reserved::Yes { has_succeeded: false });
        assert_eq!(reserve().await.unwrap(), Reserved::Wait(SECOND));
        world.advance(SECOND);
        assert_eq!(reserve().await.unwrap(), Reserved::Yes { has_succeeded: false });
        assert_eq!(reserve().await.unwrap(), Reserved::Wait(SECOND));
    });
}

#[test]
fn published_key_is_found() {
    run(async |world: World| {
        let app = app(&world).await;
        let key = SigningKey::derive(&world.secret).unwrap().public(world.app.now());
        for _ in 0..2 {
            let published = app.store().signing_keys().publish(key.clone()).await.unwrap();
            assert_eq!(published, key);
        }
    });
}

#[test]
fn concurrent_refreshes_get_the_same_token() {
    run(async |world: World| {
        let app = app(&world).await;
        let actor = world.actor(Role::Staff).await;
        let (store, token) = (app.store(), actor.refresh.expose_secret());
        let idle = Duration::from_hours(1);
        let refresh = || sessions::refresh(store, app.system(), &world.minter, idle, token);
        let pairs = together((0..8).map(|_| refresh())).await;
        let next = |pair| -> Value { json!(pair)["refresh"].clone() };
        let tokens: Vec<Value> = pairs.into_iter().map(|pair| next(pair.unwrap())).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    });
}
