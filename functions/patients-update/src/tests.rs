use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, json, run};

use super::update;

/// A PATCH.
fn event() -> Event {
    Event::of("patients-update")
}

#[test]
fn a_patch_changes_what_it_names_and_counts_the_version() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let before = json!(world.patient(1).await);
        let event = event().json(json!({"address": "1 Main Street"})).by(&staff);
        let answer = world.call(signed_in(update), event).await;
        assert_eq!(answer.header("etag"), Some("\"2\""));
        let mut after = before.clone();
        after["address"] = json!("1 Main Street");
        after["version"] = json!(2);
        assert_eq!(answer.expect(200), after);
    });
}

#[test]
fn a_put_needs_every_required_field() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.patient(1).await;
        let put = event().method("PUT");
        let partial = put.clone().json(json!({"address": "1 Main Street"})).by(&staff);
        let problem =
            world.call(signed_in(update), partial).await.expect_problem(400, "invalid_body");
        assert_eq!(problem["errors"]["first_name"], json!(["is required"]));

        let whole = Event::of("patients-create").method("PUT").path_parameter("id", 1).by(&staff);
        let body = world.call(signed_in(update), whole).await.expect(200);
        assert_eq!((&body["version"], &body["id"]), (&json!(2), &json!(1)));
    });
}

#[test]
fn if_match_is_honoured() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.patient(1).await;
        let event = event().json(json!({"address": "1 Main Street"})).by(&staff);
        for stale in ["\"2\"", "W/\"1\"", "nonsense"] {
            let event = event.clone().header("if-match", stale);
            let answer = world.call(signed_in(update), event).await;
            answer.expect_problem(412, "precondition_failed");
        }
        for current in ["\"1\"", "*"] {
            let event = event.clone().header("if-match", current);
            world.call(signed_in(update), event).await.expect(200);
        }
    });
}

#[test]
fn what_is_not_there_is_404_and_a_bad_field_400() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().json(json!({"first_name": null, "id": 7})).by(&staff);
        world.call(signed_in(update), event.clone()).await.expect_problem(404, "not_found");
        world.patient(1).await;
        let problem =
            world.call(signed_in(update), event).await.expect_problem(400, "invalid_body");
        assert_eq!(
            problem["errors"],
            json!({"first_name": ["must not be null"], "id": ["is not a field of this request"]})
        );
    });
}

#[test]
fn only_staff_may() {
    run(async |world: World| world.expect_staff_only(signed_in(update), event()).await);
}
