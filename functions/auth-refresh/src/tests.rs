use std::time::Duration;

use secrecy::ExposeSecret;
use shared::auth::minter::Minter;
use shared::model::id::Id;
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, UserChange};
use shared::testing::secrets_manager::SecretsManager;
use shared::testing::{
    Actor, Answer, Event, Handler, SESSION_LIMITS, Value, World, checks, json, public_recorded,
    run, steps, together, tokens,
};

use super::{Settings, refresh};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn ready(world: &World) -> impl Handler + use<> {
    let minter = Minter::new(&world.secret, tokens()).unwrap();
    public_recorded(super::OPERATION, Settings { minter, idle: SESSION_LIMITS.idle }, refresh)
}

async fn exchange(world: &World, token: &str) -> Answer {
    let event = Event::of("auth-refresh").json(json!({"refresh": token}));
    world.call(ready(world), event).await
}

fn first(actor: &Actor) -> &str {
    actor.refresh.expose_secret()
}

fn token(pair: &Value) -> &str {
    pair["refresh"].as_str().unwrap()
}

#[test]
fn refreshes_keep_a_session_alive() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let mut current = first(&staff).to_owned();
        for _ in 0..5 {
            world.advance(HOUR - Duration::from_secs(1));
            let pair = exchange(&world, &current).await.expect(200);
            assert_eq!(pair["token_type"], "Bearer");
            assert_eq!(pair["expires_in"], 900);
            assert_eq!(world.status_in(&world.app, pair["access"].as_str().unwrap()).await, 204);
            assert_ne!(token(&pair), current);
            current = token(&pair).to_owned();
        }
    });
}

#[test]
fn session_ends_after_an_unused_hour() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.advance(HOUR);
        exchange(&world, first(&staff)).await.expect_problem(401, "token_not_valid");
    });
}

#[test]
fn session_ends_after_a_day_despite_refreshes() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let mut current = first(&staff).to_owned();
        for _ in 0..47 {
            world.advance(HOUR / 2);
            current = token(&exchange(&world, &current).await.expect(200)).to_owned();
        }
        world.advance(HOUR / 2);
        exchange(&world, &current).await.expect_problem(401, "token_not_valid");
    });
}

#[test]
fn previous_token_gets_the_same_successor_for_ten_seconds() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let pair = exchange(&world, first(&staff)).await.expect(200);
        world.advance(Duration::from_millis(9_999));
        let again = exchange(&world, first(&staff)).await.expect(200);
        assert_eq!(token(&again), token(&pair));
        // The successor can be exchanged.
        exchange(&world, token(&again)).await.expect(200);
    });
}

#[test]
fn previous_token_gets_the_same_successor_once_an_hour_after_that() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let pair = exchange(&world, first(&staff)).await.expect(200);
        world.advance(Duration::from_secs(10));
        world.calls.take();
        let again = exchange(&world, first(&staff)).await.expect(200);
        assert_eq!(token(&again), token(&pair));
        // Only this exchange is written down.
        assert!(world.calls.take().contains(&"UpdateItem".to_owned()));
        world.advance(Duration::from_secs(10));
        exchange(&world, first(&staff)).await.expect_problem(401, "token_not_valid");
        exchange(&world, token(&pair)).await.expect_problem(401, "token_not_valid");
        assert_eq!(world.status_in(&world.app, pair["access"].as_str().unwrap()).await, 401);
    });
}

#[test]
fn previous_key_signs_while_the_current_one_is_too_young() {
    run(async |world: World| {
        let secrets = SecretsManager::with("the first secret of a test, long enough").await;
        let ready = || {
            let minter = Minter::stored(secrets.secret(), tokens());
            public_recorded(
                super::OPERATION,
                Settings { minter, idle: SESSION_LIMITS.idle },
                refresh,
            )
        };
        let exchange = async |token: &str| {
            let event = Event::of("auth-refresh").json(json!({"refresh": token}));
            world.call(ready(), event).await.expect(200)
        };
        let staff = world.actor(Role::Staff).await;
        let pair = exchange(first(&staff)).await;
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        secrets.replace("the second secret of a test, long enough").await;
        world.calls.take();
        let next = exchange(token(&pair)).await;
        assert!(world.calls.take().contains(&"GetItem".to_owned()));
        assert_eq!(world.status_in(&world.app, next["access"].as_str().unwrap()).await, 204);
    });
}

#[test]
fn repeated_exchange_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        exchange(world, first(&staff)).await.expect(200);
        world.advance(Duration::from_secs(10));
        let body = json!({"refresh": first(&staff)});
        (ready(world), Event::of("auth-refresh").json(body))
    });
}

#[test]
fn token_before_the_previous_one_ends_the_session_at_once() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let second = exchange(&world, first(&staff)).await.expect(200);
        let third = exchange(&world, token(&second)).await.expect(200);
        exchange(&world, first(&staff)).await.expect_problem(401, "token_not_valid");
        exchange(&world, token(&third)).await.expect_problem(401, "token_not_valid");
    });
}

#[test]
fn concurrent_refreshes_get_the_same_successor() {
    run(async |world: World| {
        for round in 0..20 {
            let staff = world.actor_named(&format!("staff-{round}"), Role::Staff).await;
            let answers = together((0..8).map(|_| exchange(&world, first(&staff)))).await;
            let pairs: Vec<Value> = answers.into_iter().map(|answer| answer.expect(200)).collect();
            assert!(pairs.iter().all(|pair| token(pair) == token(&pairs[0])), "{pairs:?}");
            exchange(&world, token(&pairs[0])).await.expect(200);
        }
    });
}

#[test]
fn session_id_alone_cannot_end_the_session() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let parts: Vec<&str> = first(&staff).split('.').collect();
        let (user, session, secret) = (parts[0], parts[1], parts[3]);
        let other = world.actor_named("other", Role::Staff).await;
        for guess in [
            format!("{user}.{session}.family.secret"),
            format!("{user}.{session}.family.{secret}"),
            format!("{}.{session}.{}.{secret}", other.id().get(), parts[2]),
            format!("{user}.{}.{}.{secret}", other.session_id(), parts[2]),
            format!("{user}.{session}"),
            "0.a.b.c".to_owned(),
            staff.token.expose_secret().to_owned(),
            String::new(),
        ] {
            let answer = exchange(&world, &guess).await;
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, Some("Bearer realm=\"api\", error=\"invalid_token\""));
            answer.expect_problem(401, "token_not_valid");
        }
        exchange(&world, first(&staff)).await.expect(200);
        exchange(&world, first(&other)).await.expect(200);
    });
}

#[test]
fn wrong_secret_of_the_right_family_ends_the_session() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (family, _) = first(&staff).rsplit_once('.').unwrap();
        exchange(&world, &format!("{family}.stolen")).await.expect_problem(401, "token_not_valid");
        exchange(&world, first(&staff)).await.expect_problem(401, "token_not_valid");
    });
}

#[test]
fn ended_session_cannot_be_refreshed() {
    run(async |world: World| {
        let (store, now) = (world.app.store(), world.app.now());
        let signed_out = world.actor_named("signed-out", Role::Staff).await;
        steps::end_session(store, signed_out.id(), &signed_out.session_id()).await.unwrap();
        let everywhere = world.actor_named("everywhere", Role::Staff).await;
        steps::end_all_sessions(store, everywhere.id(), now).await.unwrap();
        let deactivated = world.actor_named("deactivated", Role::Staff).await;
        let change = UserChange { active: Some(false), ..UserChange::default() };
        let id = deactivated.id();
        steps::update_account(store, id, change, &Preconditions::NONE, now).await.unwrap();
        for actor in [signed_out, everywhere, deactivated] {
            exchange(&world, first(&actor)).await.expect_problem(401, "token_not_valid");
        }
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        for (body, field) in [(json!({}), "refresh"), (json!({"refresh": 7}), "refresh")] {
            let event = Event::of("auth-refresh").json(body);
            let problem = world.call(ready(&world), event).await;
            let problem = problem.expect_problem(400, "invalid_body");
            assert!(problem["errors"][field].is_array(), "{problem}");
        }
    });
}

#[test]
fn refresh_makes_two_calls() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.calls.take();
        exchange(&world, first(&staff)).await.expect(200);
        // PutItem publishes the key of a new process.
        assert_eq!(world.calls.take(), ["BatchGetItem", "PutItem", "UpdateItem"]);
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        let body = json!({"refresh": first(&staff)});
        (ready(world), Event::of("auth-refresh").json(body))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-refresh", &[]);
}
