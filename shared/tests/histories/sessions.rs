//! Concurrent refreshes of one session, with its current refresh token, the one before and the next one.

use std::sync::Mutex;
use std::time::Duration;

use secrecy::ExposeSecret;
use shared::auth::sessions;
use shared::model::user::Role;
use shared::testing::{Value, World, json, run};
use shared::{ApiError, App};
use stateright::semantics::SequentialSpec;

use crate::{History, KEYS, ROUNDS, clients, play};

/// Returns the token that a refresh token is exchanged for; `None` if it is refused.
async fn exchange(world: &World, app: &App, token: &str) -> Option<String> {
    let idle = Duration::from_secs(3600);
    match sessions::refresh(app.store(), app.system(), &world.minter, idle, token).await {
        Ok(pair) => {
            let pair: Value = json!(pair);
            Some(pair["refresh"].as_str().unwrap().to_owned())
        }
        Err(ApiError::TokenNotValid) => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// A session whose first token was exchanged for the second more than ten seconds ago.
#[derive(Debug, Clone, PartialEq)]
enum Session {
    /// The second token was not exchanged yet.
    Second,
    /// It was, a moment ago.
    Third,
    Ended,
}

#[derive(Debug, Clone)]
enum Op {
    PresentFirst,
    PresentSecond,
}

#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    GotSecond,
    GotThird,
    Refused,
}

impl SequentialSpec for Session {
    type Op = Op;
    type Ret = Outcome;

    fn invoke(&mut self, op: &Op) -> Outcome {
        match (&*self, op) {
            (Self::Second, Op::PresentFirst) => Outcome::GotSecond,
            (Self::Second | Self::Third, Op::PresentSecond) => {
                *self = Self::Third;
                Outcome::GotThird
            }
            (Self::Third | Self::Ended, Op::PresentFirst) | (Self::Ended, Op::PresentSecond) => {
                *self = Self::Ended;
                Outcome::Refused
            }
        }
    }
}

/// The tokens of one session, and its history.
struct Shared {
    first: String,
    second: String,
    thirds: Mutex<Vec<String>>,
    history: History<Session>,
}

#[test]
fn token_before_the_current_one_ends_the_session_once_that_was_exchanged() {
    run(async |world: World| {
        let apps = clients(&world);
        play(
            async |round, key| {
                let actor = world.actor_named(&format!("staff-{round}-{key}"), Role::Staff).await;
                let first = actor.refresh.expose_secret().to_owned();
                let second = exchange(&world, &world.app, &first).await.unwrap();
                world.advance(Duration::from_secs(10));
                let (thirds, history) = (Mutex::default(), History::of(Session::Second));
                Shared { first, second, thirds, history }
            },
            async |shared, client, chance| {
                let (op, token) = match chance % 2 {
                    0 => (Op::PresentFirst, &shared.first),
                    _ => (Op::PresentSecond, &shared.second),
                };
                let act = async {
                    match exchange(&world, &apps[client as usize], token).await {
                        None => Outcome::Refused,
                        Some(token) if token == shared.second => Outcome::GotSecond,
                        Some(token) => {
                            shared.thirds.lock().unwrap().push(token);
                            Outcome::GotThird
                        }
                    }
                };
                shared.history.record(client, op, act).await;
            },
            async |shared| {
                let mut thirds = shared.thirds.into_inner().unwrap();
                thirds.dedup();
                assert!(thirds.len() <= 1, "{} successors", thirds.len());
                shared.history.assert_linearizable();
            },
        )
        .await;
    });
}

/// Checked without stateright: the successor is random, and must be the same for all refreshes.
#[test]
fn concurrent_refreshes_get_the_same_successor() {
    run(async |world: World| {
        let apps = clients(&world);
        let successors = Mutex::new(Vec::new());
        play(
            async |round, key| {
                let name = format!("staff-{round}-{key}");
                world.actor_named(&name, Role::Staff).await
            },
            async |actor, client, _| {
                let presented = actor.refresh.expose_secret();
                let refresh = exchange(&world, &apps[client as usize], presented).await;
                successors.lock().unwrap().push((actor.id(), refresh.unwrap()));
            },
            async |actor| {
                let mut found = std::mem::take(&mut *successors.lock().unwrap());
                let others = found.extract_if(.., |(id, _)| *id != actor.id()).collect();
                *successors.lock().unwrap() = others;
                found.dedup();
                assert_eq!(found.len(), 1, "{} successors", found.len());
                let (_, successor) = &found[0];
                assert!(exchange(&world, &world.app, successor).await.is_some());
                // A token two exchanges old was stolen.
                let first = actor.refresh.expose_secret();
                assert_eq!(exchange(&world, &world.app, first).await, None);
            },
        )
        .await;
        assert_eq!(world.rows("USER#").await.len() as u32, ROUNDS * KEYS);
    });
}
