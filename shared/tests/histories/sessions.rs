//! Refreshes of one session, by the token that is current and by its successor.

use std::time::Duration;

use secrecy::ExposeSecret;
use shared::ApiError;
use shared::auth::sessions;
use shared::model::user::Role;
use shared::testing::{Value, World, json, run};

use crate::{KEYS, ROUNDS, clients, play};

/// Not for stateright: which successor a refresh gets is up to chance, and all that matters is that there is one.
#[test]
fn a_session_has_one_successor_however_many_refresh_it() {
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
                let pair = sessions::refresh(app, &world.minter, idle, presented).await.unwrap();
                let pair: Value = json!(pair);
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
                let (_, successor) = &found[0];
                sessions::refresh(&world.app, &world.minter, idle, successor).await.unwrap();
                // Two steps behind: whoever has it now stole it.
                let first = actor.refresh.expose_secret();
                let stolen = sessions::refresh(&world.app, &world.minter, idle, first).await;
                assert!(matches!(stolen, Err(ApiError::TokenNotValid)));
            },
        )
        .await;
        assert_eq!(world.rows("USER#").await.len() as u32, ROUNDS * KEYS);
    });
}
