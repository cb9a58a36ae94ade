use shared::config::Edge;
use shared::testing::{Event, World, at_edge, json, run};

use super::{matches, not_found};

#[test]
fn an_unknown_path_is_404_and_an_unknown_method_405_with_allow() {
    run(async |world: World| {
        let event = Event::of("not-found");
        world.call(at_edge(not_found), event.clone()).await.expect_problem(404, "not_found");

        for path in ["/api/doctors/7/", "/api/doctors/7"] {
            let event = event.clone().method("POST").path(path);
            let answer = world.call(at_edge(not_found), event).await;
            assert_eq!(answer.header("allow"), Some("DELETE, GET, PATCH, PUT"));
            let problem = answer.expect_problem(405, "method_not_allowed");
            assert_eq!(problem["title"], json!("Method Not Allowed"));
        }
    });
}

#[test]
fn a_page_of_a_permitted_origin_learns_what_it_may_send() {
    run(async |world: World| {
        let ours = "https://clinic.example.com";
        let edge = Edge { cors_origins: vec![ours.to_owned()], ..Edge::default() };
        let app = world.app_at_edge(edge);
        let event = Event::of("not-found").method("OPTIONS").path("/api/doctors/7/");
        let asks = |origin| {
            let event = event.clone().header("access-control-request-method", "PUT");
            event.header("origin", origin)
        };

        let answer = world.call_in(&app, at_edge(not_found), asks(ours)).await;
        let methods = answer.header("access-control-allow-methods");
        assert_eq!(methods, Some("DELETE, GET, PATCH, PUT"));
        assert_eq!(answer.header("access-control-allow-origin"), Some(ours));
        assert!(answer.header("access-control-allow-headers").unwrap().contains("If-Match"));
        answer.expect(204);

        let answer = world.call_in(&app, at_edge(not_found), asks("https://evil.example")).await;
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("vary"), Some("Origin"));
        answer.expect_problem(405, "method_not_allowed");

        let answer = world.call(at_edge(not_found), asks(ours)).await;
        assert_eq!(
            (answer.header("access-control-allow-origin"), answer.header("vary")),
            (None, None)
        );
        answer.expect(405);
    });
}

#[test]
fn a_variable_stands_for_one_segment() {
    assert!(matches("/a/{id}/b", "/a/7/b/"));
    for path in ["/a//b", "/a/7", "/a/7/b/c", "/a/7/c", "/", ""] {
        assert!(!matches("/a/{id}/b", path), "{path}");
    }
}
