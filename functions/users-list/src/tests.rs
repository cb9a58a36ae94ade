use std::collections::BTreeSet;

use shared::model::user::{Role, User};
use shared::testing::{Actor, Answer, Event, Handler, Value, World, checks, json, protected, run};

use super::list;

fn handler() -> impl Handler {
    protected(list)
}

fn event() -> Event {
    Event::of("users-list")
}

async fn ask(world: &World, admin: &Actor, query: &[(&str, &str)]) -> Answer {
    world.call(handler(), event().query(query).by(admin)).await
}

fn names(results: &[Value]) -> Vec<&str> {
    results.iter().map(|account| account["username"].as_str().unwrap()).collect()
}

#[test]
fn accounts_are_listed_without_internal_fields() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let account = json!({
            "id": 1, "username": "admin", "email": "admin@example.com", "email_verified": false,
            "role": "admin", "doctor_id": null, "patient_id": null, "active": true, "version": 1,
            "created_at": "2026-01-31T12:00:00.000Z",
        });
        let body = ask(&world, &admin, &[]).await.expect(200);
        assert_eq!(body, json!({"results": [account], "next": null}));
    });
}

#[test]
fn links_are_listed() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let doctor = world.doctor_account(&world.doctor(1).await).await.user;
        let patient = world.patient_account(&world.patient(1).await).await.user;
        let body = ask(&world, &admin, &[]).await.expect(200);
        let linked = |user: &User| {
            let mut accounts = body["results"].as_array().unwrap().iter();
            let account = accounts.find(|account| account["id"] == json!(user.id)).unwrap();
            (account["doctor_id"].clone(), account["patient_id"].clone())
        };
        assert_eq!(linked(&doctor), (json!(1), Value::Null));
        assert_eq!(linked(&patient), (Value::Null, json!(1)));
    });
}

#[test]
fn accounts_are_listed_by_username_ignoring_case() {
    run(async |world: World| {
        for name in ["zoe", "Carl", "ben", "dora"] {
            world.actor_named(name, Role::Staff).await;
        }
        let admin = world.actor(Role::Admin).await;
        let seen = checks::walk(&world, handler(), event(), &admin).await;
        assert_eq!(names(&seen), ["admin", "ben", "Carl", "dora", "zoe"]);
    });
}

#[test]
fn search_finds_the_beginning_of_a_username() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        for name in ["Benita", "ben", "reuben"] {
            world.actor_named(name, Role::Pending).await;
        }
        let found = ask(&world, &admin, &[("search", "BEN")]).await.expect(200);
        assert_eq!(names(found["results"].as_array().unwrap()), ["ben", "Benita"]);
        let found = ask(&world, &admin, &[("search", "nobody")]).await.expect(200);
        assert_eq!(found, json!({"results": [], "next": null}));
    });
}

#[test]
fn row_of_the_audit_trail_names_the_accounts_of_the_page() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let staff = world.actor(Role::Staff).await;
        world.actor(Role::Pending).await;
        ask(&world, &admin, &[]).await.expect(200);
        ask(&world, &admin, &[("search", "staff")]).await.expect(200);
        let rows = world.audit_rows().await;
        let accounts = rows.into_iter().map(|row| row.facts.subjects.accounts.len());
        assert_eq!(accounts.collect::<Vec<_>>(), [3, 1]);
        let last = world.audit_rows().await.pop().unwrap();
        assert_eq!(last.facts.subjects.accounts, BTreeSet::from([staff.id()]));
    });
}

#[test]
fn invalid_parameters_are_named() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let invalid = [
            ("limit", "0"),
            ("limit", "101"),
            ("limit", "abc"),
            ("cursor", "abc"),
            ("search", "a\u{1f}"),
        ];
        for (name, value) in invalid {
            let answer = ask(&world, &admin, &[(name, value)]).await;
            let problem = answer.expect_problem(400, "invalid_query");
            assert!(problem["errors"][name].is_array(), "{problem}");
        }
    });
}

#[test]
fn cursor_is_valid_for_its_own_search_only() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        world.actor(Role::Staff).await;
        let page = ask(&world, &admin, &[("limit", "1")]).await.expect(200);
        let next = page["next"].as_str().unwrap();
        let rest = ask(&world, &admin, &[("cursor", next)]).await.expect(200);
        assert_eq!(names(rest["results"].as_array().unwrap()), ["staff"]);
        let of_another_list = ask(&world, &admin, &[("search", "a"), ("cursor", next)]).await;
        of_another_list.expect_problem(400, "invalid_query");
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
        let actor = world.actor(Role::Admin).await;
        (handler(), event().by(&actor))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("users-list", &[]);
}
