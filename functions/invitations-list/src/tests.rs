use std::collections::BTreeSet;
use std::time::Duration;

use shared::auth::invitation;
use shared::model::user::Role;
use shared::testing::{Actor, Answer, Event, Handler, Value, World, checks, json, protected, run};

use super::list;

fn handler() -> impl Handler {
    protected(list)
}

fn event() -> Event {
    Event::of("invitations-list")
}

async fn ask(world: &World, admin: &Actor, query: &[(&str, &str)]) -> Answer {
    world.call(handler(), event().query(query).by(admin)).await
}

fn emails(results: &[Value]) -> BTreeSet<&str> {
    results.iter().map(|invitation| invitation["email"].as_str().unwrap()).collect()
}

#[test]
fn invitations_are_listed_without_their_secrets() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let (invited, _) = world.invite("bruno@example.com", Role::Staff).await;
        let body = ask(&world, &admin, &[]).await.expect(200);
        let invitation = json!({
            "id": invited.id, "email": "bruno@example.com", "role": "staff", "invited_by": 1,
            "created_at": "2026-01-31T12:00:00.000Z", "expires_at": "2026-02-07T12:00:00.000Z",
        });
        assert_eq!(body, json!({"results": [invitation], "next": null}));
    });
}

#[test]
fn pages_list_every_invitation_once() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let expected: Vec<_> = (0..5).map(|n| format!("u{n}@example.com")).collect();
        for email in &expected {
            world.invite(email, Role::Pending).await;
        }
        let seen = checks::walk(&world, handler(), event(), &admin).await;
        assert_eq!(seen.len(), expected.len());
        assert_eq!(emails(&seen), expected.iter().map(String::as_str).collect());
    });
}

/// DynamoDB removes them late.
#[test]
fn expired_invitation_is_not_listed() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        world.invite("bruno@example.com", Role::Staff).await;
        world.advance(invitation::LIFETIME.saturating_sub(Duration::from_secs(1)));
        let admin = world.sign_in(admin.user).await;
        let body = ask(&world, &admin, &[]).await.expect(200);
        assert_eq!(body["results"].as_array().unwrap().len(), 1);
        world.advance(Duration::from_secs(1));
        let body = ask(&world, &admin, &[]).await.expect(200);
        assert_eq!(body, json!({"results": [], "next": null}));
    });
}

#[test]
fn invalid_parameters_are_named() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        for (name, value) in [("limit", "0"), ("limit", "101"), ("cursor", "abc")] {
            let answer = ask(&world, &admin, &[(name, value)]).await;
            let problem = answer.expect_problem(400, "invalid_query");
            assert!(problem["errors"][name].is_array(), "{problem}");
        }
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        world.expect_staff_only(handler(), event()).await;
        let staff = world.actor(Role::Staff).await;
        ask(&world, &staff, &[]).await.expect_problem(403, "permission_denied");
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let admin = world.actor(Role::Admin).await;
        world.invite("bruno@example.com", Role::Staff).await;
        (handler(), event().by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("invitations-list", &[]);
}
