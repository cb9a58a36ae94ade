use shared::config::Responses;
use shared::testing::{Event, World, json, run, without_app};

use super::{matches, not_found};

#[test]
fn unknown_path_is_404_and_unknown_method_is_405_with_allow() {
    run(async |world: World| {
        let event = Event::of("not-found");
        world.call(without_app(not_found), event.clone()).await.expect_problem(404, "not_found");

        for path in ["/api/doctors/7/", "/api/doctors/7"] {
            let event = event.clone().method("POST").path(path);
            let answer = world.call(without_app(not_found), event).await;
            assert_eq!(answer.header("allow"), Some("DELETE, GET, HEAD, OPTIONS, PATCH, PUT"));
            let problem = answer.expect_problem(405, "method_not_allowed");
            assert_eq!(problem["title"], json!("Method Not Allowed"));
        }
    });
}

#[test]
fn preflight_of_a_permitted_origin_is_answered() {
    run(async |world: World| {
        let ours = "https://clinic.example.com";
        let responses = Responses { cors_origins: vec![ours.to_owned()], ..Responses::default() };
        let app = world.app_with_responses(responses);
        let event = Event::of("not-found").method("OPTIONS").path("/api/doctors/7/");
        let asks = |origin| {
            let event = event.clone().header("access-control-request-method", "PUT");
            event.header("origin", origin)
        };

        let answer = world.call_in(&app, without_app(not_found), asks(ours)).await;
        let methods = answer.header("access-control-allow-methods");
        assert_eq!(methods, Some("DELETE, GET, HEAD, OPTIONS, PATCH, PUT"));
        assert_eq!(answer.header("access-control-allow-origin"), Some(ours));
        assert!(answer.header("access-control-allow-headers").unwrap().contains("If-Match"));
        answer.expect(204);

        let answer =
            world.call_in(&app, without_app(not_found), asks("https://evil.example")).await;
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("vary"), Some("Origin"));
        answer.expect(204);

        let answer = world.call(without_app(not_found), asks(ours)).await;
        assert_eq!(
            (answer.header("access-control-allow-origin"), answer.header("vary")),
            (None, None)
        );
        assert_eq!(answer.header("access-control-allow-methods"), None);
        answer.expect(204);
    });
}

#[test]
fn options_names_the_methods_and_the_media_types_of_patch() {
    run(async |world: World| {
        let options = async |path| {
            let event = Event::of("not-found").method("OPTIONS").path(path);
            world.call(without_app(not_found), event).await
        };
        let answer = options("/api/doctors/7/").await;
        assert_eq!(answer.header("allow"), Some("DELETE, GET, HEAD, OPTIONS, PATCH, PUT"));
        let types = "application/json, application/merge-patch+json";
        assert_eq!(answer.header("accept-patch"), Some(types));
        assert_eq!((answer.status, answer.text()), (204, ""));

        let answer = options("/api/health/").await;
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!((answer.status, answer.header("accept-patch")), (204, None));
        options("/nowhere/").await.expect_problem(404, "not_found");
    });
}

#[test]
fn variable_matches_one_segment() {
    assert!(matches("/a/{id}/b", "/a/7/b/"));
    for path in ["/a//b", "/a/7", "/a/7/b/c", "/a/7/c", "/", ""] {
        assert!(!matches("/a/{id}/b", path), "{path}");
    }
}
