//! Concurrent refreshes of one session, with its current refresh token and with the next one.

use std::time::Duration;

use secrecy::ExposeSecret;
use shared::ApiError;
use shared::auth::sessions;
use shared::model::user::Role;
use shared::testing::{Value, World, json, run};

use crate::{KEYS, ROUNDS, clients, play};

/// Checked without stateright: the successor is random, and must be the same for all refreshes.
#[test]
fn concurrent_refreshes_get_the_same_successor() {
    run(async |world: World| {
        let apps = clients(&world);
        let successors = std::sync::Mutex::new(Vec::new());
        play(
            async |round, key| {
                let name = format!("staff-{round}-{key}");
                world.actor_named(&name, Role::Staff).await
            },
            async |actor, client, _| {
                let app = &apps[client as usize];
                let idle = Duration::from_secs(3600);
                let presented = actor.refresh.expose_secret();
                let (store, system) = (app.store(), app.system());
                let pair = sessions::refresh(store, system, &world.minter, idle, presented).await;
                let pair: Value = json!(pair.unwrap());
                let refresh = pair["refresh"].as_str().unwrap().to_owned();
                successors.lock().unwrap().push((actor.id(), refresh));
            },
            async |actor| {
                let mut found = std::mem::take(&mut *successors.lock().unwrap());
                let others = found.extract_if(.., |(id, _)| *id != actor.id()).collect();
                *successors.lock().unwrap() = others;
                found.dedup();
                assert_eq!(found.len(), 1, "{} successors", found.len());
                let idle = Duration::from_secs(3600);
                let (store, system) = (world.app.store(), world.app.system());
                let (_, successor) = &found[0];
                sessions::refresh(store, system, &world.minter, idle, successor).await.unwrap();
                // A token two exchanges old was stolen.
                let first = actor.refresh.expose_secret();
                let stolen = sessions::refresh(store, system, &world.minter, idle, first).await;
                assert!(matches!(stolen, Err(ApiError::TokenNotValid)));
            },
        )
        .await;
        assert_eq!(world.rows("USER#").await.len() as u32, ROUNDS * KEYS);
    });
}
