//! Checks of the functions that change a doctor or a patient.

use super::*;

pub fn patch_changes_the_named_fields_only<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let mut expected = json!(world.record::<D>(1).await);
        let answer = world.call(handler, event::<D>("update").json(change::<D>()).by(&staff));
        let answer = answer.await;
        assert_eq!(answer.header("etag"), Some("\"2\""));
        expected[D::CHANGE.0] = json!(D::CHANGE.1);
        expected["version"] = json!(2);
        assert_eq!(answer.expect(200), expected);
    });
}

/// `changes` give every value by which the sample 1 is found another one.
pub fn index_rows_follow_the_record<D: Sample + RecordActs>(handler: impl Handler, changes: Value) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let record = world.record::<D>(1).await;
        identify(&world, &staff, &record).await;
        let before = index_rows(&world).await;
        let event = event::<D>("update").json(changes).by(&staff);
        world.call(handler, event).await.expect(200);
        let after = index_rows(&world).await;
        assert!(before.is_disjoint(&after), "{before:?} {after:?}");
        assert_eq!((before.len(), after.len()), (index_rows_of::<D>(), index_rows_of::<D>()));
    });
}

pub fn put_needs_every_required_field<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        let put = event::<D>("update").method("PUT").by(&staff);
        let partial = world.call(handler.clone(), put.clone().json(change::<D>())).await;
        let problem = partial.expect_problem(400, "invalid_body");
        let missing = json!(["is required unless last_name is given"]);
        assert_eq!(problem["errors"]["first_name"], missing);
        let whole = world.call(handler, put.json(D::sample(2))).await.expect(200);
        assert_eq!(whole["last_name"], D::sample(2)["last_name"]);
        assert_eq!((&whole["id"], &whole["version"]), (&json!(1), &json!(2)));
    });
}

pub fn if_match_is_honoured<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        let event = event::<D>("update").json(change::<D>()).by(&staff);
        for stale in ["\"2\"", "W/\"1\"", "nonsense"] {
            let answer = world.call(handler.clone(), event.clone().header("if-match", stale));
            answer.await.expect_problem(412, "precondition_failed");
        }
        for current in ["\"1\"", "*"] {
            let answer = world.call(handler.clone(), event.clone().header("if-match", current));
            answer.await.expect(200);
        }
    });
}

pub fn change_of_nothing_writes_nothing<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let record = world.record::<D>(1).await;
        let before = world.rows("").await;
        world.advance(Duration::from_secs(60));
        let (field, _) = D::CHANGE;
        let same = json!({ field: D::sample(1)[field] });
        for (method, body) in [("PATCH", json!({})), ("PATCH", same), ("PUT", D::sample(1))] {
            let event = event::<D>("update").method(method).json(body).by(&staff);
            let answer = world.call(handler.clone(), event).await;
            assert_eq!(answer.header("etag"), Some("\"1\""));
            assert_eq!(answer.expect(200), json!(record));
        }
        assert_eq!(world.rows("").await, before);
    });
}

pub fn change_whose_answer_was_lost_can_be_sent_again<D: Sample + RecordActs>(
    handler: impl Handler,
) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        let event = event::<D>("update").header("if-match", "\"1\"").by(&staff);
        let patch = event.clone().json(change::<D>());
        let changed = world.call(handler.clone(), patch.clone()).await.expect(200);
        assert_eq!(changed["version"], 2);
        let whole = event.clone().method("PUT").json(D::sample(1)).with(change::<D>());
        for again in [patch.clone(), whole.clone()] {
            let again = world.call(handler.clone(), again).await;
            assert_eq!(again.header("etag"), Some("\"2\""));
            assert_eq!(again.expect(200), changed);
        }
        for other in [
            event.json(json!({"first_name": "Ada"})),
            whole.with(json!({"first_name": "Ada"})),
            patch.clone().header("if-match", "\"3\""),
            patch.header("if-match", "\"x\""),
        ] {
            let refused = world.call(handler.clone(), other).await;
            refused.expect_problem(412, "precondition_failed");
        }
    });
}

pub fn if_match_can_be_required<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let app =
            world.app_with_responses(Responses { requires_if_match: true, ..Responses::default() });
        let event = event::<D>("update").json(change::<D>()).by(&staff);
        let call = async |event: &Event| world.call_in(&app, handler.clone(), event.clone()).await;
        call(&event).await.expect_problem(404, "not_found");
        world.record::<D>(1).await;
        for without in [event.clone(), event.clone().method("PUT").json(D::sample(1))] {
            call(&without).await.expect_problem(428, "precondition_required");
        }
        call(&event.clone().header("if-match", "\"1\"")).await.expect(200);
        call(&event.header("if-match", "*")).await.expect(200);
    });
}

pub fn only_patch_accepts_a_merge_patch<D: Sample + RecordActs>(handler: impl Handler) {
    const MERGE_PATCH: &str = "Application/Merge-Patch+json; charset=utf-8";
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        let patch = event::<D>("update").json(change::<D>()).by(&staff);
        let event = patch.clone().header("content-type", MERGE_PATCH);
        assert_eq!(world.call(handler.clone(), event).await.expect(200)["version"], 2);

        let put = patch.clone().method("PUT").json(D::sample(1));
        let refused = world.call(handler.clone(), put.header("content-type", MERGE_PATCH));
        let refused = refused.await;
        assert_eq!(refused.header("accept"), Some("application/json"));
        refused.expect_problem(415, "unsupported_media_type");

        let refused = world.call(handler, patch.header("content-type", "text/plain")).await;
        let types = "application/json, application/merge-patch+json";
        assert_eq!(refused.header("accept-patch"), Some(types));
        refused.expect_problem(415, "unsupported_media_type");
    });
}

pub fn field_twice_is_refused<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        for body in [
            r#"{"first_name": "Ada", "first_name": "Eve"}"#,
            r#"{"identifiers": [{"system": "MRN", "value": "1", "value": "2"}]}"#,
        ] {
            let event = event::<D>("update").text(body).by(&staff);
            let problem = world.call(handler.clone(), event).await;
            let problem = problem.expect_problem(400, "invalid_body");
            assert!(problem["detail"].as_str().is_some_and(|it| it.contains("twice")));
        }
    });
}

pub fn missing_record_is_404_and_invalid_field_400<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let bad = json!({"first_name": 7, "id": 7});
        let event = event::<D>("update").json(bad).by(&staff);
        world.call(handler.clone(), event.clone()).await.expect_problem(404, "not_found");
        world.record::<D>(1).await;
        let problem = world.call(handler, event).await.expect_problem(400, "invalid_body");
        assert_eq!(
            problem["errors"],
            json!({"first_name": ["must be a string"], "id": ["is not a field of this request"]})
        );
    });
}

/// A record as an earlier version wrote it, without new fields and with values that are refused now.
pub fn record_that_is_older_than_a_rule_stays_editable(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.patient(1).await;
        let mut old = world.rows("PATIENT#").await.remove(0);
        for (field, value) in [("first_name", "\u{200b}"), ("date_of_birth", "1800-01-01")] {
            old.insert(field.to_owned(), AttributeValue::S(value.to_owned()));
        }
        for field in
            ["former_names", "date_of_birth_estimated", "contact_number_display", "identifiers"]
        {
            assert!(old.remove(field).is_some(), "{field}");
        }
        let put = world.dynamodb.put_item().table_name(TABLE_NAME).set_item(Some(old));
        put.send().await.expect("an item");

        let event = event::<PatientDetails>("update").by(&staff);
        let patch = event.clone().json(change::<PatientDetails>());
        let mut body = world.call(handler.clone(), patch).await.expect(200);
        assert_eq!(body["first_name"], "\u{200b}");
        assert_eq!(body["date_of_birth"], "1800-01-01");
        assert_eq!(body["former_names"], json!([]));

        for answered in ["id", "version", "created_at", "updated_at"] {
            body.as_object_mut().expect("an object").remove(answered);
        }
        body["gender"] = json!("Unknown");
        let put = event.clone().method("PUT").json(body);
        assert_eq!(world.call(handler.clone(), put).await.expect(200)["gender"], "Unknown");

        let worse = json!({"first_name": "\u{200b}\u{200b}", "date_of_birth": "1800-01-02"});
        let problem = world.call(handler, event.json(worse)).await;
        let problem = problem.expect_problem(400, "invalid_body");
        let fields: Vec<&String> = problem["errors"].as_object().expect("errors").keys().collect();
        assert_eq!(fields, ["date_of_birth", "first_name"]);
    });
}
