use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::user::Role;
use shared::records::{self, RecordSettings};
use shared::testing::{
    Event, Handler, RECORD_SETTINGS, World, checks, json, protected_with, run, steps,
};

fn handler() -> impl Handler {
    protected_with(RECORD_SETTINGS, records::create::<PatientDetails>)
}

fn event() -> Event {
    Event::of("patients-create")
}

#[test]
fn creates_a_patient_with_version_1() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let answer = world.call(handler(), event().by(&staff)).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        let body = answer.expect(201);
        assert_eq!((&body["id"], &body["version"]), (&json!(1), &json!(1)));
        assert_eq!(body["date_of_birth"], "1985-04-12");
        assert_eq!(body["medical_history"], "Asthma since childhood. Allergic to penicillin.");
    });
}

#[test]
fn history_and_emergency_number_are_optional() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event =
            event().with(json!({"medical_history": null, "emergency_number": null})).by(&staff);
        let body = world.call(handler(), event).await.expect(201);
        assert!(body.get("medical_history").is_none() && body.get("emergency_number").is_none());
    });
}

#[test]
fn unknown_facts_are_null() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let body = json!({
            "last_name": "Unknown Woman", "date_of_birth": "1985", "date_of_birth_estimated": true,
            "gender": "Unknown", "contact_number": "", "address": null,
        });
        let body = world.call(handler(), event().json(body).by(&staff)).await.expect(201);
        for (field, value) in [
            ("first_name", json!(null)),
            ("former_names", json!([])),
            ("date_of_birth", json!("1985")),
            ("date_of_birth_estimated", json!(true)),
            ("gender", json!("Unknown")),
            ("contact_number", json!(null)),
            ("address", json!(null)),
            ("identifiers", json!([])),
            ("restricted", json!(false)),
        ] {
            assert_eq!(body.get(field), Some(&value), "{field}");
        }
        for field in ["deceased_at", "emergency_number", "contact_number_display"] {
            assert_eq!(body.get(field), None, "{field}");
        }
    });
}

#[test]
fn phone_is_read_as_people_write_it() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let settings = RecordSettings { phone_country: "US".parse().ok() };
        let handler = protected_with(settings, records::create::<PatientDetails>);
        let phones = json!({
            "contact_number": "(202) 555-0147", "emergency_number": "+44 20 7946 0123 ext. 12",
        });
        let body = world.call(handler.clone(), event().with(phones).by(&staff)).await.expect(201);
        assert_eq!(body["contact_number"], "+12025550147");
        assert_eq!(body["contact_number_display"], "+1 202-555-0147");
        assert_eq!(body["emergency_number"], "+442079460123;ext=12");
        let wrong = event().with(json!({"contact_number": "call me"})).by(&staff);
        let problem = world.call(handler, wrong).await.expect_problem(400, "invalid_body");
        let how = "must be a telephone number, such as +1 202 555 0147 or (202) 555-0147";
        assert_eq!(problem["errors"], json!({"contact_number": [how]}));
    });
}

#[test]
fn body_must_be_a_json_object() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().by(&staff);
        for body in ["", " ", "[]", "null", "\"x\"", "7", "{", "{\"a\":1e400}", &"[".repeat(300)] {
            let event = event.clone().text(body);
            world.call(handler(), event).await.expect_problem(400, "invalid_body");
        }
        let large = event.clone().text(&" ".repeat(64 * 1024 + 1));
        world.call(handler(), large).await.expect_problem(413, "payload_too_large");
        for media_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]
        {
            let event = event.clone().header("content-type", media_type);
            let answer = world.call(handler(), event).await;
            answer.expect_problem(415, "unsupported_media_type");
        }
        let absent = event.clone().without_header("content-type");
        world.call(handler(), absent).await.expect(201);
        let charset = event.header("content-type", "Application/JSON; charset=utf-8");
        world.call(handler(), charset).await.expect(201);
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), false);
}

#[test]
fn possible_duplicates_are_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let jane = world.call(handler(), event().by(&staff)).await.expect(201);
        assert_eq!(jane["possible_duplicates"], json!([]));
        checks::identify(&world, &staff, &world.patient(7).await).await;
        let shown = |id: u32, last_name: &str| {
            let born = "1985-04-12";
            json!({"id": id, "first_name": "Jane", "last_name": last_name, "date_of_birth": born})
        };
        // The identifier is the strongest sign, then the phone and the name.
        let again = event().with(json!({
            "first_name": "ROE", "last_name": "Jane", "date_of_birth": "1985",
            "identifiers": [{"system": "mrn", "value": "a-7"}],
        }));
        let again = world.call(handler(), again.by(&staff)).await;
        assert_eq!(again.header("etag"), Some("\"1\""));
        let again = again.expect(201);
        assert_eq!(again["possible_duplicates"], json!([shown(2, "Roe 007"), shown(1, "Roe")]));
        assert_eq!(again["id"], 3);
        let another = event().with(json!({
            "first_name": "Ada", "contact_number": null, "emergency_number": null,
        }));
        let another = world.call(handler(), another.by(&staff)).await.expect(201);
        assert_eq!(another["possible_duplicates"], json!([]));
    });
}

#[test]
fn same_key_gets_the_same_duplicates() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let jane = world.patient(1).await;
        let event = event().header("idempotency-key", "a key").by(&staff);
        let first = world.call(handler(), event.clone()).await.expect(201);
        assert_eq!(first["possible_duplicates"][0]["id"], json!(jane.id));
        // A later patient, who would be one, too.
        world.patient(2).await;
        assert_eq!(world.call(handler(), event.clone()).await.expect(201), first);
        // A deleted one is named no more.
        let (store, any) = (world.app.store(), Preconditions::NONE);
        let now = world.app.now();
        let deleted = steps::delete::<PatientDetails>(store, jane.id, &any, now, || false);
        deleted.await.unwrap();
        let again = world.call(handler(), event).await.expect(201);
        assert_eq!(again["possible_duplicates"], json!([]));
    });
}

/// Otherwise the other patient would read that somebody created their record.
#[test]
fn row_about_a_creation_names_only_the_new_patient() {
    run(async |world: World| {
        let (jane, staff) = (world.patient(1).await, world.actor(Role::Staff).await);
        let event = event().header("idempotency-key", "a key").by(&staff);
        for _ in 0..2 {
            let created = world.call(handler(), event.clone()).await.expect(201);
            assert_eq!(created["possible_duplicates"][0]["id"], json!(jane.id));
        }
        let rows = world.audit_rows().await;
        let said: Vec<_> = rows
            .iter()
            .map(|row| (&*row.facts.operation, json!(row.facts.subjects.patients)))
            .collect();
        let (new, shown) =
            (("patients-create", json!([2])), ("patients-duplicates", json!([jane.id])));
        assert_eq!(said, [new.clone(), shown.clone(), shown, new]);
    });
}

#[test]
fn only_administrators_create_restricted_patients() {
    run(async |world: World| {
        let (admin, staff) = (world.actor(Role::Admin).await, world.actor(Role::Staff).await);
        let restricted = event().with(json!({"restricted": true}));
        let refused = world.call(handler(), restricted.clone().by(&staff)).await;
        let problem = refused.expect_problem(403, "permission_denied");
        let errors = json!({"restricted": ["cannot be changed by your account"]});
        assert_eq!(problem["errors"], errors);
        assert!(world.rows("PATIENT#").await.is_empty());

        let created = world.call(handler(), restricted.by(&admin)).await.expect(201);
        assert_eq!(created["restricted"], true);
        let rows = world.rows("").await;
        let marked = rows.iter().filter(|row| row.contains_key("restricted")).count();
        // The record; two names, the birth date and two phones.
        assert_eq!(marked, 6);
        // Nobody is told that the clinic knows the person.
        for actor in [&admin, &staff] {
            let again = world.call(handler(), event().by(actor)).await.expect(201);
            let duplicates = again["possible_duplicates"].as_array().unwrap();
            assert!(duplicates.iter().all(|it| it["id"] != created["id"]), "{again}");
        }
    });
}

#[test]
fn duplicate_that_is_restricted_later_is_named_no_more() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let jane = world.patient(1).await;
        let event = event().header("idempotency-key", "a key").by(&staff);
        let first = world.call(handler(), event.clone()).await.expect(201);
        assert_eq!(first["possible_duplicates"][0]["id"], json!(jane.id));
        world.restrict(&jane).await;
        let again = world.call(handler(), event).await.expect(201);
        assert_eq!(again["possible_duplicates"], json!([]));
    });
}

#[test]
fn every_value_gets_its_index_row() {
    checks::create::every_value_gets_its_index_row::<PatientDetails>(handler());
}

#[test]
fn same_key_and_body_get_the_same_answer() {
    checks::create::same_key_and_body_get_the_same_answer::<PatientDetails>(handler());
}

#[test]
fn same_key_with_another_body_is_refused() {
    checks::create::same_key_with_another_body_is_refused::<PatientDetails>(handler());
}

#[test]
fn key_is_used_up_by_success_for_a_day() {
    checks::create::key_is_used_up_by_success_for_a_day::<PatientDetails>(handler());
}

#[test]
fn invalid_key_is_named() {
    checks::create::invalid_key_is_named::<PatientDetails>(handler());
}

#[test]
fn key_stores_no_personal_data() {
    checks::create::key_stores_no_personal_data::<PatientDetails>(handler());
}

#[test]
fn survives_a_dynamodb_that_fails_with_a_key() {
    let event = event();
    let event = event.header("idempotency-key", "a key");
    checks::variant_survives_faults_at_work(handler(), event);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-create", &[]);
}
