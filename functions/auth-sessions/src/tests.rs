use std::time::Duration;

use shared::model::session::UserAgent;
use shared::model::user::Role;
use shared::testing::{
    Actor, Event, SESSION_LIMITS, Value, World, checks, json, protected, run, steps,
};

use super::sessions;

fn event() -> Event {
    Event::of("auth-sessions")
}

async fn list(world: &World, actor: &Actor) -> Vec<Value> {
    let body = world.call(protected(sessions), event().by(actor)).await.expect(200);
    assert_eq!(body["next"], Value::Null);
    body["results"].as_array().unwrap().clone()
}

fn ids(results: &[Value]) -> Vec<String> {
    sorted(results.iter().map(|session| session["id"].as_str().unwrap()))
}

fn sorted(ids: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    let mut ids: Vec<_> = ids.into_iter().map(|id| id.to_string()).collect();
    ids.sort();
    ids
}

#[test]
fn session_is_listed_without_its_secrets() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        world.advance(Duration::from_secs(60));
        let (user, agent) = (&asking.user, UserAgent::new("curl/8.7.1"));
        let (store, system, minter) = (world.app.store(), world.app.system(), &world.minter);
        steps::open_session(store, system, minter, user, agent).await.unwrap();

        let seen = list(&world, &asking).await;
        let own = json!(asking.session_id());
        let other = seen.iter().find(|session| session["id"] != own).unwrap();
        assert_eq!(
            *other,
            json!({
                "id": other["id"],
                "created_at": "2026-01-31T12:01:00.000Z",
                "last_used_at": "2026-01-31T12:01:00.000Z",
                "expires_at": "2026-01-31T13:01:00.000Z",
                "user_agent": "curl/8.7.1",
                "current": false,
            })
        );
    });
}

#[test]
fn lists_own_sessions_and_marks_the_current_one() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        let other = world.sign_in(asking.user.clone()).await;
        world.actor(Role::Staff).await;
        let seen = list(&world, &asking).await;
        assert_eq!(ids(&seen), sorted([asking.session_id(), other.session_id()]));
        let own = json!(asking.session_id());
        assert!(
            seen.iter().all(|session| session["current"] == (session["id"] == own)),
            "{seen:?}"
        );
    });
}

#[test]
fn ended_sessions_are_not_listed() {
    run(async |world: World| {
        let store = world.app.store();
        let expired = world.actor(Role::Pending).await;
        world.advance(SESSION_LIMITS.idle);
        let ended = world.sign_in(expired.user.clone()).await;
        steps::end_session(store, ended.id(), &ended.session_id()).await.unwrap();
        let asking = world.sign_in(expired.user.clone()).await;
        assert_eq!(ids(&list(&world, &asking).await), [asking.session_id().to_string()]);

        steps::end_all_sessions(store, asking.id(), world.app.now()).await.unwrap();
        let user = store.accounts().by_id(asking.id()).await.unwrap().unwrap();
        let asking = world.sign_in(user).await;
        assert_eq!(ids(&list(&world, &asking).await), [asking.session_id().to_string()]);
    });
}

#[test]
fn pages_list_every_session() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        let mut expected = vec![asking.session_id()];
        for _ in 0..4 {
            expected.push(world.sign_in(asking.user.clone()).await.session_id());
        }
        let seen = checks::walk(&world, protected(sessions), event(), &asking).await;
        assert_eq!(ids(&seen), sorted(expected));
    });
}

#[test]
fn cursor_of_another_account_or_malformed_cursor_is_refused() {
    run(async |world: World| {
        let asking = world.actor(Role::Pending).await;
        world.sign_in(asking.user.clone()).await;
        let stranger = world.actor(Role::Staff).await;
        let page = async |actor: &Actor, query: &[(&str, &str)]| {
            world.call(protected(sessions), event().query(query).by(actor)).await
        };
        let first = page(&asking, &[("limit", "1")]).await.expect(200);
        let next = first["next"].as_str().unwrap();
        page(&asking, &[("cursor", next)]).await.expect(200);
        for (actor, cursor) in [(&stranger, next), (&asking, &next[1..]), (&asking, "abc")] {
            let problem =
                page(actor, &[("cursor", cursor)]).await.expect_problem(400, "invalid_query");
            assert!(problem["errors"]["cursor"].is_array(), "{problem}");
        }
    });
}

#[test]
fn caller_who_is_not_signed_in_is_refused() {
    run(async |world: World| world.expect_signed_in_only(protected(sessions), event()).await);
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let actor = world.actor(Role::Staff).await;
        (protected(sessions), event().by(&actor))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("auth-sessions", &[]);
}
