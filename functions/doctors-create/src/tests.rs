use shared::model::doctor::DoctorDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::{Event, Handler, RECORD_SETTINGS, World, checks, json, protected_with, run};

fn handler() -> impl Handler {
    protected_with(RECORD_SETTINGS, records::create::<DoctorDetails>)
}

fn event() -> Event {
    Event::of("doctors-create")
}

#[test]
fn creates_a_doctor_with_version_1() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let answer = world.call(handler(), event().by(&staff)).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(
            answer.expect(201),
            json!({
                "id": 1, "first_name": "Grace", "last_name": "Okafor", "email": "grace.okafor@example.com",
                "phone_number": "+442079460123", "phone_number_display": "+44 20 7946 0123",
                "specialization": "Internal Medicine", "identifiers": [],
                "license_number": "LIC-204817", "years_of_experience": 12, "version": 1,
                "created_at": "2026-01-31T12:00:00.000Z", "updated_at": "2026-01-31T12:00:00.000Z",
            })
        );
    });
}

#[test]
fn email_and_licence_are_unique_and_refusal_reserves_neither() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().by(&staff);
        world.call(handler(), event.clone()).await.expect(201);
        let email = event
            .clone()
            .with(json!({"license_number": "LIC-2", "email": "GRACE.okafor@example.com"}));
        let problem = world.call(handler(), email).await.expect_problem(409, "conflict");
        assert_eq!(problem["errors"], json!({"email": ["is already taken"]}));
        let licence =
            event.clone().with(json!({"email": "g2@example.com", "license_number": "lic-204817"}));
        let problem = world.call(handler(), licence).await.expect_problem(409, "conflict");
        assert_eq!(problem["errors"], json!({"license_number": ["is already taken"]}));
        let free = event.with(json!({"email": "g2@example.com", "license_number": "LIC-2"}));
        world.call(handler(), free).await.expect(201);
    });
}

#[test]
fn invalid_fields_are_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let wrong = json!({
            "first_name": "x".repeat(101), "last_name": "a\u{0}b", "email": 7, "phone_number": "call me",
            "specialization": [], "years_of_experience": 81, "id": 9, "phone_number_display": "call me",
            "identifiers": [{"system": "GMC"}],
        });
        let event = event().json(wrong).by(&staff);
        let problem = world.call(handler(), event).await.expect_problem(400, "invalid_body");
        let errors = problem["errors"].as_object().unwrap();
        let fields: Vec<&str> = errors.keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            [
                "email",
                "first_name",
                "id",
                "identifiers",
                "last_name",
                "license_number",
                "phone_number",
                "phone_number_display",
                "specialization",
                "years_of_experience",
            ]
        );
    });
}

#[test]
fn doctor_may_have_one_name_and_identifiers_beside_the_licence() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let identifiers = json!([{"system": "GMC", "value": "7654321"}]);
        let change =
            json!({"first_name": null, "last_name": "Suharto", "identifiers": identifiers});
        let body = world.call(handler(), event().with(change).by(&staff)).await.expect(201);
        assert_eq!((&body["first_name"], &body["last_name"]), (&json!(null), &json!("Suharto")));
        assert_eq!(body["identifiers"], identifiers);
        let no_phone = event().with(json!({"phone_number": null})).by(&staff);
        let problem = world.call(handler(), no_phone).await.expect_problem(400, "invalid_body");
        assert_eq!(problem["errors"], json!({"phone_number": ["must not be null"]}));
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(
        handler(),
        event().with(json!({"email": "g2@example.com", "license_number": "LIC-2"})),
        false,
    );
}

#[test]
fn every_value_gets_its_index_row() {
    checks::create::every_value_gets_its_index_row::<DoctorDetails>(handler());
}

#[test]
fn same_key_and_body_get_the_same_answer() {
    checks::create::same_key_and_body_get_the_same_answer::<DoctorDetails>(handler());
}

#[test]
fn same_key_with_another_body_is_refused() {
    checks::create::same_key_with_another_body_is_refused::<DoctorDetails>(handler());
}

#[test]
fn key_is_used_up_by_success_for_a_day() {
    checks::create::key_is_used_up_by_success_for_a_day::<DoctorDetails>(handler());
}

#[test]
fn invalid_key_is_named() {
    checks::create::invalid_key_is_named::<DoctorDetails>(handler());
}

#[test]
fn key_stores_no_personal_data() {
    checks::create::key_stores_no_personal_data::<DoctorDetails>(handler());
}

#[test]
fn survives_a_dynamodb_that_fails_with_a_key() {
    let event = event().with(json!({"email": "g2@example.com", "license_number": "LIC-2"}));
    let event = event.header("idempotency-key", "a key");
    checks::variant_survives_faults_at_work(handler(), event);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("doctors-create", &[]);
}
