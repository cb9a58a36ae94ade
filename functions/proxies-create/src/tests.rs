use std::time::Duration;

use shared::model::id::Id;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::user::{Role, UserChange};
use shared::records;
use shared::testing::{
    Actor, Answer, Event, Handler, RECORD_SETTINGS, Value, World, checks, json, protected,
    protected_with, run, steps, together,
};

use super::create;

fn handler() -> impl Handler {
    protected(create)
}

fn event() -> Event {
    Event::of("proxies-create")
}

async fn post(world: &World, by: &Actor, patient: &Patient, body: Value) -> Answer {
    let event = event().path_parameter("id", patient.id).json(body).by(by);
    world.call(handler(), event).await
}

fn guardian(user: &Actor) -> Value {
    json!({"user_id": user.id(), "basis": "guardian"})
}

/// Creates a patient who is born on this day, or of whom this is known.
async fn born(world: &World, staff: &Actor, date: &str) -> Patient {
    let patient = world.patient(1).await;
    let event = Event::of("patients-update").without_policy().path_parameter("id", patient.id);
    let event = event.json(json!({"date_of_birth": date})).by(staff);
    let handler = protected_with(RECORD_SETTINGS, records::update::<PatientDetails>);
    world.call(handler, event).await.expect(200);
    patient
}

/// Returns the keys of the rows of all proxies.
async fn rows(world: &World) -> Vec<[String; 2]> {
    let mut rows: Vec<_> = world
        .rows("")
        .await
        .iter()
        .map(|row| ["pk", "sk"].map(|name| row[name].as_s().unwrap().clone()))
        .filter(|[_, sk]| sk.starts_with("PROXY#"))
        .collect();
    rows.sort_unstable();
    rows
}

fn row_keys(patient: &Patient, user: &Actor) -> Vec<[String; 2]> {
    let (patient, user) = (format!("{:016}", patient.id), format!("{:016}", user.id()));
    vec![
        [format!("PATIENT#{patient}"), format!("PROXY#{user}")],
        [format!("USER#{user}"), format!("PROXY#{patient}")],
    ]
}

#[test]
fn proxy_has_two_rows_and_takes_effect_on_the_next_request() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (patient, user) = (world.patient(1).await, world.actor(Role::Patient).await);
        let read = async || {
            let event = Event::of("patients-get").without_policy().by(&user);
            let handler = protected(records::get::<PatientDetails>);
            world.call(handler, event.path_parameter("id", patient.id)).await
        };
        read().await.expect_problem(403, "not_assigned");
        let body = json!({
            "user_id": user.id(), "basis": "attorney", "scope": "contact",
            "starts_at": "2026-01-31T13:00:00+01:00", "ends_at": "2026-01-31T12:01:00Z",
        });
        let proxy = json!({
            "user_id": user.id(), "patient_id": patient.id, "basis": "attorney", "scope": "contact",
            "starts_at": "2026-01-31T12:00:00.000Z", "ends_at": "2026-01-31T12:01:00.000Z",
            "added_at": "2026-01-31T12:00:00.000Z", "added_by": staff.id(),
        });
        assert_eq!(post(&world, &staff, &patient, body).await.expect(201), proxy);
        assert_eq!(rows(&world).await, row_keys(&patient, &user));
        assert!(read().await.expect(200).get("medical_history").is_none());
        world.advance(Duration::from_secs(60));
        read().await.expect_problem(403, "not_assigned");
    });
}

#[test]
fn same_proxy_is_answered_again_and_another_one_is_refused() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (patient, user) = (world.patient(1).await, world.actor(Role::Patient).await);
        let first = post(&world, &staff, &patient, guardian(&user)).await.expect(201);
        assert_eq!((&first["scope"], &first["ends_at"]), (&json!("all"), &Value::Null));
        world.advance(Duration::from_secs(60));
        let again = post(&world, &staff, &patient, guardian(&user)).await.expect(200);
        assert_eq!(again, first);
        for other in [
            json!({"user_id": user.id(), "basis": "attorney"}),
            json!({"user_id": user.id(), "basis": "guardian", "scope": "contact"}),
            json!({"user_id": user.id(), "basis": "guardian", "starts_at": "2026-01-31T12:01:00Z"}),
            json!({"user_id": user.id(), "basis": "guardian", "ends_at": "2027-01-31T12:00:00Z"}),
        ] {
            let answer = post(&world, &staff, &patient, other).await;
            let problem = answer.expect_problem(409, "conflict");
            assert_eq!(problem["errors"], json!({"user_id": ["is a proxy already"]}));
        }
        assert_eq!(rows(&world).await, row_keys(&patient, &user));
    });
}

#[test]
fn one_of_two_simultaneous_requests_adds_the_proxy() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (patient, user) = (world.patient(1).await, world.actor(Role::Patient).await);
        let calls = [0, 1].map(|_| post(&world, &staff, &patient, guardian(&user)));
        let answers = together(calls).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201]);
        assert_eq!(answers[0].body, answers[1].body);
    });
}

#[test]
fn right_of_a_parent_ends_when_the_child_comes_of_age() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let user = world.actor(Role::Patient).await;
        let child = born(&world, &staff, "2010-05").await;
        let parent = json!({"user_id": user.id(), "basis": "parent"});
        let proxy = post(&world, &staff, &child, parent.clone()).await.expect(201);
        assert_eq!(proxy["ends_at"], "2028-05-31T00:00:00.000Z");
        assert_eq!(post(&world, &staff, &child, parent).await.expect(200), proxy);
    });
}

#[test]
fn patient_of_age_has_no_parent_as_proxy() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let user = world.actor(Role::Patient).await;
        let adult = born(&world, &staff, "2008-01-31").await;
        let parent = json!({"user_id": user.id(), "basis": "parent"});
        let answer = post(&world, &staff, &adult, parent).await;
        let problem = answer.expect_problem(400, "invalid_body");
        let errors = json!({"basis": ["is not possible, because the patient is of age"]});
        assert_eq!(problem["errors"], errors);
        post(&world, &staff, &adult, guardian(&user)).await.expect(201);
    });
}

#[test]
fn patient_has_at_most_twenty_proxies() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 0..19 {
            let user = world.actor_named(&format!("user-{n}"), Role::Patient).await;
            world.proxy(&patient, &user).await;
        }
        let last = [
            world.actor_named("one", Role::Patient).await,
            world.actor_named("two", Role::Patient).await,
        ];
        let calls = last.iter().map(|user| post(&world, &staff, &patient, guardian(user)));
        let answers = together(calls).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let refused = answers.into_iter().find(|answer| answer.status == 409).unwrap();
        refused.expect_problem(409, "too_many_proxies");
        assert_eq!(rows(&world).await.len(), 40);
    });
}

#[test]
fn account_acts_for_at_most_twenty_patients() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let user = world.actor(Role::Patient).await;
        for n in 1..=20 {
            world.proxy(&world.patient(n).await, &user).await;
        }
        let one_more = world.patient(21).await;
        let answer = post(&world, &staff, &one_more, guardian(&user)).await;
        answer.expect_problem(409, "too_many_proxies");
    });
}

#[test]
fn next_addition_removes_the_proxies_that_are_over() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (one, two) = (world.patient(1).await, world.patient(2).await);
        let users = [
            world.actor_named("one", Role::Patient).await,
            world.actor_named("two", Role::Patient).await,
        ];
        let short = |user: &Actor| json!({"user_id": user.id(), "basis": "guardian", "ends_at": "2026-01-31T12:01:00Z"});
        for (patient, user) in [(&one, &users[0]), (&one, &users[1]), (&two, &users[0])] {
            post(&world, &staff, patient, short(user)).await.expect(201);
        }
        world.advance(Duration::from_secs(60));
        post(&world, &staff, &one, guardian(&users[0])).await.expect(201);
        assert_eq!(rows(&world).await, row_keys(&one, &users[0]));
    });
}

#[test]
fn missing_patient_or_account_is_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let user = world.actor_named("user", Role::Patient).await.id().get();
        let detail = async |id: &str, user: u64| {
            let body = json!({"user_id": user, "basis": "guardian"});
            let event = event().path_parameter("id", id).json(body).by(&staff);
            let problem = world.call(handler(), event).await.expect_problem(404, "not_found");
            problem["detail"].as_str().unwrap().to_owned()
        };
        assert_eq!(detail("1", 7).await, "There is no patient 1 and no user 7.");
        assert_eq!(detail("1", user).await, "There is no patient 1.");
        assert_eq!(detail("abc", user).await, "There is no patient with this id.");
        world.patient(1).await;
        assert_eq!(detail("1", 7).await, "There is no user 7.");
    });
}

#[test]
fn inactive_account_is_missing() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (patient, user) = (world.patient(1).await, world.actor(Role::Patient).await);
        let change = UserChange { active: Some(false), ..UserChange::default() };
        let (store, now) = (world.app.store(), world.app.now());
        let changed = steps::update_account(store, user.id(), change, &Preconditions::NONE, now);
        changed.await.unwrap();
        let answer = post(&world, &staff, &patient, guardian(&user)).await;
        let problem = answer.expect_problem(404, "not_found");
        assert_eq!(problem["detail"], "There is no user 2.");
        assert!(rows(&world).await.is_empty());
    });
}

#[test]
fn invalid_body_is_reported_by_field() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (patient, user) = (world.patient(1).await, world.actor(Role::Patient).await);
        for (fields, field) in [
            (json!({"user_id": "2"}), "user_id"),
            (json!({"user_id": null}), "user_id"),
            (json!({"basis": "friend"}), "basis"),
            (json!({"scope": "none"}), "scope"),
            (json!({"starts_at": "2026-02-01"}), "starts_at"),
            (json!({"ends_at": "2026-01-31T12:00:00Z"}), "ends_at"),
            (json!({"note": "x"}), "note"),
        ] {
            let event = event().path_parameter("id", patient.id).json(guardian(&user));
            let answer = world.call(handler(), event.with(fields).by(&staff)).await;
            answer.expect_invalid(field);
        }
        let missing = post(&world, &staff, &patient, json!({})).await;
        let problem = missing.expect_problem(400, "invalid_body");
        let required = json!(["is required"]);
        assert_eq!(problem["errors"], json!({"user_id": required, "basis": required}));
    });
}

#[test]
fn staff_member_can_be_a_proxy_if_somebody_else_says_so() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let colleague = world.actor_named("colleague", Role::Staff).await;
        let patient = world.patient(1).await;
        let own = post(&world, &staff, &patient, guardian(&staff)).await;
        let problem = own.expect_problem(400, "invalid_body");
        assert_eq!(problem["errors"], json!({"user_id": ["must be another account"]}));
        post(&world, &staff, &patient, guardian(&colleague)).await.expect(201);
    });
}

#[test]
fn only_administrators_add_proxies_of_a_restricted_patient() {
    run(async |world: World| {
        let (staff, user) = (world.actor(Role::Staff).await, world.actor(Role::Patient).await);
        let admin = world.actor(Role::Admin).await;
        let patient = world.patient(1).await;
        world.restrict(&patient).await;
        let refused = post(&world, &staff, &patient, guardian(&user)).await;
        refused.expect_problem(403, "restricted");
        post(&world, &admin, &patient, guardian(&user)).await.expect(201);
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = world.actor(Role::Staff).await;
        let (patient, user) = (world.patient(1).await, world.actor(Role::Patient).await);
        let event = event().path_parameter("id", patient.id).json(guardian(&user));
        (handler(), event.by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("proxies-create", &[]);
}
