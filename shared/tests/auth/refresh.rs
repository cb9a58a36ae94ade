//! Refresh tokens: lost answers, shared tokens, and every short order of exchanges against a model of the rule.

use std::time::Duration;

use secrecy::ExposeSecret;
use shared::ApiError;
use shared::auth::sessions;
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::testing::{Value, World, json, run, together};

/// As long as a session, so that no session ends for want of use.
const IDLE: Duration = Duration::from_hours(24);

const GRACE: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_hours(1);

/// Returns the refresh token that this one is exchanged for; `None` if it is refused.
async fn exchange(world: &World, token: &str) -> Option<String> {
    let (store, system) = (world.app.store(), world.app.system());
    match sessions::refresh(store, system, &world.minter, IDLE, token).await {
        Ok(pair) => {
            let pair: Value = json!(pair);
            Some(pair["refresh"].as_str().unwrap().to_owned())
        }
        Err(ApiError::TokenNotValid) => None,
        Err(error) => panic!("{error:?}"),
    }
}

async fn log_out(world: &World, token: &str) {
    sessions::log_out(world.app.store(), world.app.now(), token, false).await.unwrap();
}

/// Returns the first refresh token of a new session of a new account.
async fn first(world: &World, name: &str) -> String {
    let actor = world.actor_named(name, Role::Staff).await;
    actor.refresh.expose_secret().to_owned()
}

/// The rule, with tokens numbered in the order of their making.
#[derive(Debug)]
struct Model {
    newest: usize,
    exchanged_at: Timestamp,
    repeated_at: Option<Timestamp>,
    has_ended: bool,
}

impl Model {
    /// Returns the number of the token that the presented one is exchanged for. `None` is a made-up token or a refusal.
    fn present(&mut self, presented: Option<usize>, now: Timestamp) -> Option<usize> {
        let repeated_within = |span| self.repeated_at.is_some_and(|then| now < then.plus(span));
        let is_parent = presented.is_some_and(|number| number + 1 == self.newest);
        let is_recent = now < self.exchanged_at.plus(GRACE) || repeated_within(GRACE);
        if self.has_ended {
            return None;
        } else if presented == Some(self.newest) {
            self.newest += 1;
            self.exchanged_at = now;
        } else if is_parent && !is_recent && !repeated_within(HOUR) {
            self.repeated_at = Some(now);
        } else if !(is_parent && is_recent) {
            self.has_ended = true;
            return None;
        }
        Some(self.newest)
    }
}

/// The steps of the test below: three waits or exchanges of a token so much older than the newest one.
#[derive(Debug, Clone, Copy)]
enum Step {
    Wait(Duration),
    Present { age: usize },
}

const STEPS: [Step; 5] = [
    Step::Present { age: 0 },
    Step::Present { age: 1 },
    Step::Present { age: 2 },
    Step::Wait(GRACE),
    Step::Wait(HOUR),
];

#[test]
fn every_order_of_four_steps_follows_the_rule() {
    run(async |world: World| {
        for number in 0..STEPS.len().pow(4) {
            let steps = [1, 5, 25, 125].map(|place| STEPS[number / place % STEPS.len()]);
            play(&world, &format!("staff-{number}"), &steps).await;
        }
    });
}

/// Begins after the first exchange, so that there is a parent.
async fn play(world: &World, name: &str, steps: &[Step]) {
    let first = first(world, name).await;
    let second = exchange(world, &first).await.unwrap();
    let (family, _) = first.rsplit_once('.').unwrap();
    let made_up = format!("{family}.made-up");
    let mut tokens = vec![first, second];
    let exchanged_at = world.app.now();
    let mut model = Model { newest: 1, exchanged_at, repeated_at: None, has_ended: false };
    for step in steps {
        let age = match step {
            Step::Wait(span) => {
                world.advance(*span);
                continue;
            }
            Step::Present { age } => *age,
        };
        let presented = model.newest.checked_sub(age);
        let text = presented.map_or(&made_up, |number| &tokens[number]);
        let successor = exchange(world, text).await;
        let expected = model.present(presented, world.app.now());
        assert_eq!(successor.is_some(), expected.is_some(), "{steps:?}: {model:?}");
        if let (Some(successor), Some(number)) = (successor, expected) {
            if number == tokens.len() {
                tokens.push(successor);
            } else {
                assert_eq!(successor, tokens[number], "{steps:?}: {model:?}");
            }
        }
    }
    // A session that has ended refuses its newest token, too; any other accepts it.
    let newest = exchange(world, &tokens[model.newest]).await;
    assert_eq!(newest.is_some(), !model.has_ended, "{steps:?}");
}

#[test]
fn lost_answers_do_not_end_a_session() {
    run(async |world: World| {
        let mut current = first(&world, "amara").await;
        for _ in 0..3 {
            // The answer is lost, and so is the next one, half a minute later.
            let lost = exchange(&world, &current).await;
            for wait in [30, 9] {
                world.advance(Duration::from_secs(wait));
                assert_eq!(exchange(&world, &current).await, lost);
            }
            current = lost.unwrap();
            world.advance(HOUR);
        }
        assert!(exchange(&world, &current).await.is_some());
    });
}

#[test]
fn second_lost_answer_within_an_hour_ends_the_session() {
    run(async |world: World| {
        let first = first(&world, "amara").await;
        let second = exchange(&world, &first).await.unwrap();
        world.advance(GRACE);
        assert_eq!(exchange(&world, &first).await.as_ref(), Some(&second));
        let third = exchange(&world, &second).await.unwrap();
        world.advance(HOUR - Duration::from_millis(1));
        assert_eq!(exchange(&world, &second).await, None);
        assert_eq!(exchange(&world, &third).await, None);
    });
}

/// A thief has the owner's token. Both refresh, in every order of six turns within an hour. When each has had two
/// turns, the session has ended.
#[test]
fn thief_and_owner_who_share_a_token_end_the_session() {
    run(async |world: World| {
        for order in 0..64_u32 {
            let shared = first(&world, &format!("staff-{order}")).await;
            let mut tokens = [shared.clone(), shared];
            let turns = [0, 1, 2, 3, 4, 5].map(|turn| (order >> turn) & 1);
            for client in turns {
                let token = &mut tokens[client as usize];
                if let Some(next) = exchange(&world, token).await {
                    *token = next;
                }
                world.advance(Duration::from_mins(9));
            }
            let of_thief = turns.iter().sum::<u32>();
            if (2..=4).contains(&of_thief) {
                for token in &tokens {
                    assert_eq!(exchange(&world, token).await, None, "{turns:?}");
                }
            }
        }
    });
}

#[test]
fn concurrent_repeats_are_one_repeat() {
    run(async |world: World| {
        for round in 0..20 {
            let first = first(&world, &format!("staff-{round}")).await;
            let second = exchange(&world, &first).await;
            world.advance(GRACE);
            let repeats = together((0..8).map(|_| exchange(&world, &first))).await;
            assert!(repeats.iter().all(|successor| *successor == second), "{repeats:?}");
            assert!(exchange(&world, &second.unwrap()).await.is_some());
        }
    });
}

#[test]
fn logout_wins_over_concurrent_refreshes() {
    run(async |world: World| {
        for round in 0..20 {
            let first = first(&world, &format!("staff-{round}")).await;
            let second = exchange(&world, &first).await.unwrap();
            if round % 2 == 0 {
                world.advance(GRACE);
            }
            let refresh = async |token: &str| exchange(&world, token).await;
            let (of_first, of_second, (), again) = tokio::join!(
                refresh(&first),
                refresh(&second),
                log_out(&world, &second),
                refresh(&second),
            );
            for token in [of_first, of_second, again].into_iter().flatten() {
                assert_eq!(exchange(&world, &token).await, None);
            }
            assert_eq!(exchange(&world, &second).await, None);
        }
    });
}
