//! Checks of the functions that return a doctor or a patient.

use super::*;

pub fn returns_the_record_with_its_version<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let record = world.record::<D>(1).await;
        let answer = world.call(handler, event::<D>("get").by(&staff)).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(answer.expect(200), json!(record));
    });
}

pub fn current_version_is_not_sent_again<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        let get = async |name: &str, lines: &[&str]| {
            let event = event::<D>("get").header_lines(name, lines).by(&staff);
            world.call(handler.clone(), event).await
        };
        for lines in
            [&["\"1\""][..], &["W/\"1\""], &["*"], &["\"7\", \"1\""], &["\"7\"", "W/\"1\""]]
        {
            let answer = get("if-none-match", lines).await;
            assert_eq!((answer.status, answer.text()), (304, ""), "{lines:?}");
            assert_eq!(answer.header("etag"), Some("\"1\""));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        for lines in [&["\"2\""][..], &["1"], &[""]] {
            assert_eq!(get("if-none-match", lines).await.status, 200, "{lines:?}");
        }
        get("if-match", &["\"2\""]).await.expect_problem(412, "precondition_failed");
        get("if-match", &["\"2\"", "\"1\""]).await.expect(200);
    });
}

pub fn head_is_a_get_without_its_body<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        for (id, status) in [("1", 200), ("2", 404)] {
            let event = event::<D>("get").path_parameter("id", id).by(&staff);
            let get = world.call(handler.clone(), event.clone()).await;
            let head = world.call(handler.clone(), event.method("HEAD")).await;
            assert_eq!((get.status, head.status, head.text()), (status, status, ""));
            let length = get.text().len().to_string();
            assert_eq!(head.header("content-length"), Some(length.as_str()));
            for name in ["accept-patch", "cache-control", "content-type", "etag"] {
                assert_eq!(head.header(name), get.header(name), "{name}");
            }
            let types = "application/json, application/merge-patch+json";
            let types = Some(types).filter(|_| status == 200);
            assert_eq!(get.header("accept-patch"), types);
        }
    });
}

pub fn unknown_parameter_is_refused_after_authorization<D: Sample + RecordActs>(
    handler: impl Handler,
) {
    run(async |world| {
        let (staff, pending) = (world.actor(Role::Staff).await, world.actor(Role::Pending).await);
        world.record::<D>(1).await;
        let event = event::<D>("get").query(&[("colour", "red"), ("limit", ""), ("size", "1")]);
        let refused = world.call(handler.clone(), event.clone().by(&staff)).await;
        let problem = json!(["is not a parameter of this request"]);
        assert_eq!(
            refused.expect_problem(400, "invalid_query")["errors"],
            json!({"colour": problem, "size": problem})
        );
        let denied = world.call(handler.clone(), event.by(&pending)).await;
        denied.expect_problem(403, "permission_denied");
        let empty = super::event::<D>("get").query(&[("colour", ""), ("size", " ")]);
        world.call(handler, empty.by(&staff)).await.expect(200);
    });
}

pub fn missing_record_is_404<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let ids = ["1", "0", "-1", "abc", "1.5", "9007199254740992", "9223372036854775808", "%00"];
        for id in ids {
            let event = event::<D>("get").path_parameter("id", id).by(&staff);
            world.call(handler.clone(), event).await.expect_problem(404, "not_found");
        }
    });
}

pub fn refusal_says_nothing_about_the_record<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let pending = world.actor(Role::Pending).await;
        world.record::<D>(1).await;
        for id in ["1", "2", "abc"] {
            let event = event::<D>("get").path_parameter("id", id).by(&pending);
            let answer = world.call(handler.clone(), event).await;
            answer.expect_problem(403, "permission_denied");
        }
    });
}
