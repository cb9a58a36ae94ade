use shared::runtime::public;
use shared::testing::{Event, World, json, run};

use super::{matches, not_found};

#[test]
fn an_unknown_path_is_404_and_an_unknown_method_405_with_allow() {
    run(async |world: World| {
        let event = Event::of("not-found");
        world.call(public(not_found), event.clone()).await.expect_problem(404, "not_found");

        for path in ["/api/doctors/7/", "/api/doctors/7"] {
            let event = event.clone().method("POST").path(path);
            let answer = world.call(public(not_found), event).await;
            assert_eq!(answer.header("allow"), Some("DELETE, GET, PATCH, PUT"));
            let problem = answer.expect_problem(405, "method_not_allowed");
            assert_eq!(problem["title"], json!("Method Not Allowed"));
        }
    });
}

#[test]
fn a_variable_stands_for_one_segment() {
    assert!(matches("/a/{id}/b", "/a/7/b/"));
    for path in ["/a//b", "/a/7", "/a/7/b/c", "/a/7/c", "/", ""] {
        assert!(!matches("/a/{id}/b", path), "{path}");
    }
}
