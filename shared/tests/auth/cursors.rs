//! Sealed cursors of a list, from page to page, while their key is rotated.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::App;
use shared::model::patient::PatientDetails;
use shared::model::user::{Role, User};
use shared::records;
use shared::store::{CursorKey, CursorKeys};
use shared::testing::{Answer, Event, World, protected, run};

/// Asks for a page of one patient, by a new session of the account, in the process of `app`.
async fn page(world: &World, app: &App, user: &User, query: &[(&str, &str)]) -> Answer {
    let query: Vec<_> = [("limit", "1")].iter().chain(query).copied().collect();
    let actor = world.sign_in(user.clone()).await;
    let event = Event::of("patients-list").query(&query).by(&actor);
    world.call_in(app, protected(records::list::<PatientDetails>), event).await
}

/// Returns the cursor of the first page.
async fn first(world: &World, app: &App, user: &User) -> String {
    let body = page(world, app, user, &[]).await.expect(200);
    body["next"].as_str().unwrap().to_owned()
}

async fn rotate(world: &World, secret_version: &str) {
    let key = CursorKey::random(world.app.system()).unwrap();
    let (store, now) = (world.app.store(), world.app.now());
    store.cursor_keys().rotate(&key, secret_version, now).await.unwrap();
}

/// Returns the account of a member of staff, with two patients.
async fn clinic(world: &World) -> User {
    world.patient(1).await;
    world.patient(2).await;
    world.actor(Role::Staff).await.user
}

#[test]
fn cursor_shows_no_name_and_belongs_to_its_account() {
    run(async |world: World| {
        let user = clinic(&world).await;
        let other = world.actor_named("other", Role::Staff).await.user;
        let next = first(&world, &world.app, &user).await;
        let bytes = URL_SAFE_NO_PAD.decode(&next).unwrap().to_ascii_lowercase();
        for name in ["roe", "jane"] {
            assert!(!bytes.windows(name.len()).any(|it| it == name.as_bytes()), "{name}");
        }
        assert_ne!(first(&world, &world.app, &user).await, next);
        let query = [("cursor", next.as_str())];
        let rest = page(&world, &world.app, &user, &query).await.expect(200);
        assert_eq!(rest["results"][0]["last_name"], "Roe 002");
        let refused = page(&world, &world.app, &other, &query).await;
        let problem = refused.expect_problem(400, "invalid_query");
        let expected = "must be the next of an earlier page of this list";
        assert_eq!(problem["errors"]["cursor"][0], expected);
        let searched = [("cursor", next.as_str()), ("search", "roe")];
        let refused = page(&world, &world.app, &user, &searched).await;
        refused.expect_problem(400, "invalid_query");
    });
}

#[test]
fn cursor_survives_one_rotation_for_a_day() {
    run(async |world: World| {
        let user = clinic(&world).await;
        let old = first(&world, &world.app, &user).await;
        let query = [("cursor", old.as_str())];
        rotate(&world, "2").await;
        rotate(&world, "2").await;
        page(&world, &world.another_app(), &user, &query).await.expect(200);
        world.advance(CursorKeys::OPENS_FOR - Duration::from_millis(1));
        page(&world, &world.another_app(), &user, &query).await.expect(200);
        world.advance(Duration::from_millis(1));
        page(&world, &world.another_app(), &user, &query).await.expect(400);
    });
}

#[test]
fn cursor_ends_with_the_second_rotation() {
    run(async |world: World| {
        let user = clinic(&world).await;
        let old = first(&world, &world.app, &user).await;
        rotate(&world, "2").await;
        rotate(&world, "3").await;
        let refused = page(&world, &world.another_app(), &user, &[("cursor", &old)]).await;
        refused.expect_problem(400, "invalid_query");
    });
}

/// Processes that have read the keys before and after the rotation understand each other's cursors.
#[test]
fn rotation_interrupts_no_paging() {
    run(async |world: World| {
        let user = clinic(&world).await;
        let long_lived = world.another_app();
        for minutes in [0, 14, 1, 20, 30, 60] {
            world.advance(Duration::from_mins(minutes));
            if minutes == 14 {
                rotate(&world, "2").await;
            }
            let started = world.another_app();
            for (sealing, opening) in [(&long_lived, &started), (&started, &long_lived)] {
                let next = first(&world, sealing, &user).await;
                page(&world, opening, &user, &[("cursor", &next)]).await.expect(200);
            }
        }
    });
}

/// After an update from a version without sealed cursors, until the first rotation.
#[test]
fn without_a_key_a_page_that_is_not_the_last_is_503() {
    run(async |world: World| {
        let user = clinic(&world).await;
        world.delete_cursor_keys().await;
        let app = world.another_app();
        page(&world, &app, &user, &[]).await.expect_problem(503, "unavailable");
        page(&world, &app, &user, &[("limit", "3")]).await.expect(200);
        rotate(&world, "2").await;
        world.advance(Duration::from_mins(15));
        first(&world, &app, &user).await;
    });
}

/// Functions of an earlier version run during an update, and again after a return to that version.
#[test]
fn earlier_version_takes_the_item_for_a_token_key_that_has_retired() {
    run(async |world: World| {
        let taken = world.app.store().signing_keys().get("CURSOR").await.unwrap().unwrap();
        assert!(!taken.is_valid(world.app.now()));
    });
}
