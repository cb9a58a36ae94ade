use std::time::Duration;

use shared::model::patient::PatientDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::emulator::AttributeValue;
use shared::testing::{Actor, Event, Handler, Value, World, checks, json, protected, run, steps};

fn handler() -> impl Handler {
    protected(records::get::<PatientDetails>)
}

fn event() -> Event {
    Event::of("patients-get")
}

/// Reads patient 1. Returns the body, the calls and the number of rounds.
async fn read(world: &World, actor: &Actor) -> (Value, String, u32) {
    world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
    world.calls.take();
    let body = world.call(handler(), event().by(actor)).await.expect(200);
    let cost = world.calls.take_cost();
    (body, cost.calls.join(" "), cost.rounds)
}

/// Leaves all proxies only the contact data.
fn narrow_proxies(world: &World) {
    let mut rows = world.emulator.rows().unwrap();
    rows.retain(|row| row.contains_key("scope"));
    assert!(!rows.is_empty());
    for row in &mut rows {
        row.insert("scope".to_owned(), AttributeValue::S("contact".to_owned()));
    }
    world.emulator.import(rows).unwrap();
}

#[test]
fn returns_the_record_with_its_version() {
    checks::get::returns_the_record_with_its_version::<PatientDetails>(handler());
}

#[test]
fn current_version_is_not_sent_again() {
    checks::get::current_version_is_not_sent_again::<PatientDetails>(handler());
}

#[test]
fn head_is_a_get_without_its_body() {
    checks::get::head_is_a_get_without_its_body::<PatientDetails>(handler());
}

#[test]
fn unknown_parameter_is_refused_after_authorization() {
    checks::get::unknown_parameter_is_refused_after_authorization::<PatientDetails>(handler());
}

#[test]
fn missing_record_is_404() {
    checks::get::missing_record_is_404::<PatientDetails>(handler());
}

#[test]
fn refusal_says_nothing_about_the_record() {
    checks::get::refusal_says_nothing_about_the_record::<PatientDetails>(handler());
}

#[test]
fn assigned_doctor_reads_the_patient_in_one_round() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let actor = world.doctor_account(&doctor).await;
        let (body, calls, rounds) = read(&world, &actor).await;
        assert_eq!(body, json!(patient));
        assert_eq!((calls.as_str(), rounds), ("BatchGetItem", 1));

        steps::end_assignment(world.app.store(), doctor.id, patient.id).await.unwrap();
        let answer = world.call(handler(), event().by(&actor)).await;
        answer.expect_problem(403, "not_assigned");
    });
}

#[test]
fn covering_doctor_reads_the_patient_in_two_rounds_until_the_cover_ends() {
    run(async |world: World| {
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        let patient = world.patient(1).await;
        world.assign(&doctor, &patient).await;
        world.cover(&doctor, &covering, 7).await;
        let actor = world.doctor_account(&covering).await;
        let (body, calls, rounds) = read(&world, &actor).await;
        assert_eq!(body, json!(patient));
        assert_eq!((calls.as_str(), rounds), ("BatchGetItem BatchGetItem", 2));

        world.advance(Duration::from_hours(8 * 24));
        let actor = world.sign_in(actor.user).await;
        let answer = world.call(handler(), event().by(&actor)).await;
        answer.expect_problem(403, "not_assigned");
    });
}

#[test]
fn unrelated_patient_looks_like_a_missing_one() {
    run(async |world: World| {
        let doctors = [world.doctor(1).await, world.doctor(2).await];
        let patients = [world.patient(1).await, world.patient(2).await];
        for (doctor, patient) in doctors.iter().zip(&patients) {
            world.assign(doctor, patient).await;
        }
        let [doctor, patient] =
            [world.doctor_account(&doctors[1]).await, world.patient_account(&patients[1]).await];
        for actor in [&doctor, &patient] {
            let refused = async |id: &str| {
                let event = event().path_parameter("id", id).by(actor);
                world.call(handler(), event).await.expect_problem(403, "not_assigned")
            };
            let unrelated = refused("1").await;
            for missing in ["999", "abc"] {
                assert_eq!(refused(missing).await, unrelated);
            }
            world.call(handler(), event().path_parameter("id", "2").by(actor)).await.expect(200);
        }
    });
}

#[test]
fn patient_and_proxies_read_the_record() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let own = world.patient_account(&patient).await;
        let parent = world.actor_named("parent", Role::Patient).await;
        world.proxy(&patient, &parent).await;
        for actor in [&own, &parent] {
            assert_eq!(read(&world, actor).await, (json!(patient), "BatchGetItem".to_owned(), 1));
        }
        // Nobody else's.
        world.patient(2).await;
        let other = event().path_parameter("id", "2").by(&parent);
        world.call(handler(), other).await.expect_problem(403, "not_assigned");
    });
}

#[test]
fn proxy_for_contacts_sees_names_and_contact_data_only() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        let parent = world.actor_named("parent", Role::Patient).await;
        world.proxy(&patient, &parent).await;
        narrow_proxies(&world);
        let (body, ..) = read(&world, &parent).await;
        let mut seen: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        seen.sort_unstable();
        let expected = [
            "address",
            "contact_number",
            "contact_number_display",
            "created_at",
            "date_of_birth",
            "date_of_birth_estimated",
            "first_name",
            "id",
            "last_name",
            "restricted",
            "updated_at",
            "version",
        ];
        assert_eq!(seen, expected);
    });
}

#[test]
fn restricted_patient_is_read_by_related_accounts_only() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        world.restrict(&patient).await;
        for role in [Role::Staff, Role::Admin] {
            let actor = world.actor(role).await;
            let answer = world.call(handler(), event().by(&actor)).await;
            answer.expect_problem(403, "restricted");
            let missing = event().path_parameter("id", "999").by(&actor);
            world.call(handler(), missing).await.expect_problem(404, "not_found");
        }
        for actor in [world.doctor_account(&doctor).await, world.patient_account(&patient).await] {
            let (body, ..) = read(&world, &actor).await;
            assert_eq!((&body["id"], &body["restricted"]), (&json!(1), &json!(true)));
        }
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
fn survives_a_dynamodb_that_fails_for_a_covering_doctor() {
    checks::variant_survives_faults(async |world: &World| {
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        world.assign(&doctor, &world.patient(1).await).await;
        world.cover(&doctor, &covering, 7).await;
        (handler(), event().by(&world.doctor_account(&covering).await))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-get", &[]);
}
