use std::sync::Arc;

use shared::auth::minter::Minter;
use shared::auth::password;
use shared::model::user::{Role, User};
use shared::runtime::{Reply, public};
use shared::table::{NewUser, Registered};
use shared::testing::{Event, World, json, run};
use shared::{App, Request};

use super::login;

fn with(minter: &Arc<Minter>) -> impl Fn(App, Request) -> Reply + Clone {
    let minter = minter.clone();
    public(move |app, request| login(app, minter.clone(), request))
}

fn event() -> Event {
    Event::of("auth-login")
}

/// The account that `events/auth-login.json` speaks of.
async fn amara(world: &World) -> User {
    let password = deserr::deserialize::<_, _, shared::model::field::FieldErrors>(json!(
        "correct-horse-battery-staple"
    ));
    let new = NewUser {
        username: "amara".parse().unwrap(),
        email: "amara@example.com".parse().unwrap(),
        password_hash: password::hash(&world.app, password.unwrap()).await.unwrap(),
        role: Role::Staff,
        first_is_admin: false,
    };
    match world.app.table().register(new, world.app.now()).await.unwrap() {
        Registered::Done(user) => user,
        Registered::Taken(errors) => panic!("{errors:?}"),
    }
}

#[test]
fn username_and_email_both_open_a_session() {
    run(async |world: World| {
        amara(&world).await;
        let login = with(&world.minter);
        let password = "correct-horse-battery-staple";
        for body in [
            json!({"username": "amara", "password": password}),
            json!({"username": " AMARA ", "password": password}),
            json!({"username": "amara@example.com", "password": password}),
            json!({"email": "Amara@example.com", "password": password}),
        ] {
            let body = world.call(login.clone(), event().json(body)).await.expect(200);
            assert_eq!(body["token_type"], "Bearer");
            assert_eq!(body["expires_in"], 900);
            assert_eq!(body["user"]["username"], "amara");
            assert_eq!(body["access"].as_str().unwrap().split('.').count(), 3);
        }
    });
}

#[test]
fn every_failure_looks_the_same() {
    run(async |world: World| {
        amara(&world).await;
        let login = with(&world.minter);
        let mut bodies = Vec::new();
        for wrong in [
            json!({"password": "correct-horse-battery-stapl"}),
            json!({"password": " correct-horse-battery-staple "}),
            json!({"username": "nobody"}),
            json!({"username": ""}),
            json!({"username": "a".repeat(5000)}),
        ] {
            let answer = world.call(login.clone(), event().with(wrong)).await;
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"api\""));
            bodies.push(answer.expect_problem(401, "invalid_credentials"));
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    });
}

#[test]
fn either_name_is_needed_and_not_both() {
    run(async |world: World| {
        let login = with(&world.minter);
        let neither = event().json(json!({"password": "x"}));
        let problem = world.call(login.clone(), neither).await.expect_problem(400, "invalid_body");
        assert!(problem["errors"]["username"].is_array());
        let both = event().with(json!({"email": "amara@example.com"}));
        let problem = world.call(login, both).await.expect_problem(400, "invalid_body");
        assert!(problem["errors"]["email"].is_array());
    });
}
