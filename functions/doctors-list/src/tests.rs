use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::doctor::DoctorDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::{Actor, Event, Handler, World, checks, json, protected, run};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn handler() -> impl Handler {
    protected(records::list::<DoctorDetails>)
}

#[test]
fn lists_records_in_the_order_of_names() {
    checks::list::lists_records_in_the_order_of_names::<DoctorDetails>(handler());
}

#[test]
fn search_finds_the_beginning_of_a_last_name() {
    checks::list::search_finds_the_beginning_of_a_last_name::<DoctorDetails>(handler());
}

#[test]
fn search_finds_by_each_criterion() {
    checks::list::search_finds_by_each_criterion::<DoctorDetails>(
        handler(),
        &[
            ("search", "okafor 01"),
            ("search", "grace"),
            ("phone", "946 0123"),
            ("identifier", "MRN|A-7"),
            ("specialization", "medicine"),
            ("specialization", "internal m"),
        ],
    );
}

#[test]
fn search_is_read_in_pages() {
    checks::list::search_is_read_in_pages::<DoctorDetails>(handler());
}

#[test]
fn search_survives_a_dynamodb_that_fails() {
    let event = Event::of("doctors-list").query(&[("search", "grace okafor")]);
    checks::variant_survives_faults_at_work(handler(), event);
}

#[test]
fn invalid_limit_and_cursor_are_named() {
    checks::list::invalid_limit_and_cursor_are_named::<DoctorDetails>(handler());
}

/// Returns the ids of the doctors that a search by a body finds.
async fn found(world: &World, actor: &Actor, field: &str, value: &str) -> Vec<u64> {
    let event = Event::of("doctors-list").method("POST").query(&[]).json(json!({ field: value }));
    let page = world.call(handler(), event.by(actor)).await.expect(200);
    assert!(page["next"].is_null());
    page["results"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect()
}

#[test]
fn patient_sees_the_own_doctors_without_internal_attributes() {
    run(async |world: World| {
        let mut doctors = Vec::new();
        for n in (1..=6).rev() {
            doctors.push(world.doctor(n).await);
        }
        let patient = world.patient(1).await;
        for doctor in &doctors[..3] {
            world.assign(doctor, &patient).await;
        }
        world.assign(&doctors[3], &world.patient(2).await).await;
        world.assign_for(&doctors[4], &patient, CareRole::Treating, 5..10).await;
        let actor = world.patient_account(&patient).await;
        let ids = async || {
            let actor = world.sign_in(actor.user.clone()).await;
            let seen = checks::walk(&world, handler(), Event::of("doctors-list"), &actor).await;
            for doctor in &seen {
                let internal = ["license_number", "email"].map(|name| doctor.get(name));
                assert_eq!(internal, [None, None]);
            }
            seen.iter().map(|doctor| doctor["id"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        // By name: the ids 1 to 6 have the names 6 to 1.
        assert_eq!(ids().await, [3, 2, 1]);
        assert_eq!(found(&world, &actor, "search", "grace okafor").await, [3, 2, 1]);
        assert_eq!(found(&world, &actor, "search", "005").await, [2]);
        assert_eq!(found(&world, &actor, "specialization", "medicine").await, [3, 2, 1]);
        assert!(found(&world, &actor, "search", "003").await.is_empty());
        world.advance(DAY * 5);
        world.end_assignment(&doctors[0], &patient).await;
        assert_eq!(ids().await, [5, 3, 2]);
        world.advance(DAY * 5);
        assert_eq!(ids().await, [3, 2]);
    });
}

#[test]
fn doctor_sees_all_doctors_and_a_person_without_a_record_none() {
    run(async |world: World| {
        let doctors = [world.doctor(1).await, world.doctor(2).await];
        world.assign(&doctors[0], &world.patient(1).await).await;
        let own = world.doctor_account(&doctors[0]).await;
        let seen = checks::walk(&world, handler(), Event::of("doctors-list"), &own).await;
        assert_eq!(seen, doctors.map(|doctor| json!(doctor)));
        let guardian = world.actor(Role::Patient).await;
        let seen = checks::walk(&world, handler(), Event::of("doctors-list"), &guardian).await;
        assert!(seen.is_empty());
    });
}

#[test]
fn only_a_patient_who_lists_doctors_is_in_the_audit_trail() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let own = world.patient_account(&patient).await;
        let list = async |query: &[(&str, &str)], actor: &Actor| {
            let event = Event::of("doctors-list").query(query).by(actor);
            world.call(handler(), event).await.status
        };
        let search = [("search", "grace okafor")];
        for actor in [
            world.actor(Role::Staff).await,
            world.actor(Role::Admin).await,
            world.actor(Role::Pending).await,
            world.doctor_account(&doctor).await,
            // Acts for nobody, so no doctor treats this account's patient.
            world.actor(Role::Patient).await,
        ] {
            for query in [&[][..], &search] {
                list(query, &actor).await;
                assert!(world.audit_rows().await.is_empty(), "{:?}", actor.user.role);
            }
        }

        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        world.calls.take();
        assert_eq!(list(&[], &own).await, 200);
        // The row is put while the patient's assignments are read.
        let cost = world.calls.take_cost();
        assert_eq!((cost.rounds, cost.rows, cost.row_round), (2, 1, 1));
        assert_eq!(list(&search, &own).await, 200);
        assert_eq!(list(&[("limit", "0")], &own).await, 400);
        let done = json!(["done", "assignment", [patient.id], []]);
        let invalid = json!(["invalid_query", "assignment", [patient.id], []]);
        assert_eq!(world.audit_summary().await, [done.clone(), done, invalid]);
    });
}

#[test]
fn list_of_a_patient_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world: &World| {
        let patient = world.patient(1).await;
        world.assign(&world.doctor(1).await, &patient).await;
        let event = Event::of("doctors-list");
        (handler(), event.by(&world.patient_account(&patient).await))
    });
}

#[test]
fn hint_only_chooses_what_starts_early() {
    checks::hint_only_chooses_what_starts_early(handler(), Event::of("doctors-list"), "Query");
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("doctors-list"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("doctors-list"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("doctors-list", &[]);
}
