use std::slice;

use shared::model::doctor::DoctorDetails;
use shared::model::precondition::Preconditions;
use shared::model::user::{LinkChange, Role, UserChange};
use shared::records;
use shared::testing::{Actor, Event, Handler, World, checks, json, protected, run, steps};

fn handler() -> impl Handler {
    protected(records::get::<DoctorDetails>)
}

#[test]
fn returns_the_record_with_its_version() {
    checks::get::returns_the_record_with_its_version::<DoctorDetails>(handler());
}

#[test]
fn current_version_is_not_sent_again() {
    checks::get::current_version_is_not_sent_again::<DoctorDetails>(handler());
}

#[test]
fn head_is_a_get_without_its_body() {
    checks::get::head_is_a_get_without_its_body::<DoctorDetails>(handler());
}

#[test]
fn unknown_parameter_is_refused_after_authorization() {
    checks::get::unknown_parameter_is_refused_after_authorization::<DoctorDetails>(handler());
}

#[test]
fn missing_record_is_404() {
    checks::get::missing_record_is_404::<DoctorDetails>(handler());
}

#[test]
fn refusal_says_nothing_about_the_record() {
    checks::get::refusal_says_nothing_about_the_record::<DoctorDetails>(handler());
}

#[test]
fn patient_reads_the_own_doctors_without_internal_attributes() {
    run(async |world: World| {
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let patient = world.patient(1).await;
        world.assign(&doctor, &patient).await;
        world.assign(&other, &world.patient(2).await).await;
        let actor = world.patient_account(&patient).await;
        let read = async |id: &str| {
            let event = Event::of("doctors-get").path_parameter("id", id).by(&actor);
            world.call(handler(), event).await
        };
        let mut expected = json!(doctor);
        for internal in ["license_number", "email"] {
            expected.as_object_mut().unwrap().remove(internal).unwrap();
        }
        assert_eq!(read("1").await.expect(200), expected);
        let unrelated = read("2").await.expect_problem(403, "not_assigned");
        for missing in ["999", "abc"] {
            assert_eq!(read(missing).await.expect_problem(403, "not_assigned"), unrelated);
        }
        steps::end_assignment(world.app.store(), doctor.id, patient.id).await.unwrap();
        read("1").await.expect_problem(403, "not_assigned");
    });
}

#[test]
fn doctor_reads_every_doctor() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let colleague = world.doctor_account(&world.doctor(2).await).await;
        let event = Event::of("doctors-get").by(&colleague);
        assert_eq!(world.call(handler(), event).await.expect(200), json!(doctor));
        let nobody = world.actor(Role::Patient).await;
        let event = Event::of("doctors-get").by(&nobody);
        world.call(handler(), event).await.expect_problem(403, "not_assigned");
    });
}

/// Reads a doctor, and returns the status.
async fn read(world: &World, id: &str, actor: &Actor) -> u16 {
    let event = Event::of("doctors-get").path_parameter("id", id).by(actor);
    world.call(handler(), event).await.status
}

#[test]
fn only_a_patient_who_reads_a_doctor_is_in_the_audit_trail() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.doctor(2).await;
        world.assign(&doctor, &patient).await;
        let own = world.patient_account(&patient).await;
        for actor in [
            world.actor(Role::Staff).await,
            world.actor(Role::Admin).await,
            world.actor(Role::Pending).await,
            world.doctor_account(&doctor).await,
            // Acts for nobody, so no doctor treats this account's patient.
            world.actor(Role::Patient).await,
        ] {
            read(&world, "1", &actor).await;
            assert!(world.audit_summary().await.is_empty(), "{:?}", actor.user.role);
        }

        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        world.calls.take();
        assert_eq!(read(&world, "1", &own).await, 200);
        // The row is put while the doctor is read.
        let cost = world.calls.take_cost();
        assert_eq!((cost.rounds, cost.rows, cost.row_round), (1, 1, 1));
        assert_eq!(read(&world, "2", &own).await, 403);
        assert_eq!(read(&world, "abc", &own).await, 403);
        let expected = [
            json!(["done", "assignment", [patient.id], [1]]),
            json!(["done", "assignment", [patient.id], [2]]),
            json!(["not_assigned", null, [patient.id], [2], "corrects"]),
            json!(["not_assigned", null, [patient.id], []]),
        ];
        assert_eq!(world.audit_summary().await, expected);
    });
}

#[test]
fn account_decides_whether_a_read_is_in_the_audit_trail_and_not_the_token() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        let account = world.actor(Role::Staff).await;
        let change = async |actor: &Actor, change: UserChange| {
            let (store, now) = (world.app.store(), world.app.now());
            let changed =
                steps::update_account(store, actor.id(), change, &Preconditions::NONE, now);
            changed.await.unwrap()
        };
        let patient_id = LinkChange::Set(patient.id);
        let to_patient =
            UserChange { role: Some(Role::Patient), patient_id, ..UserChange::default() };
        let changed = change(&account, to_patient).await;
        assert_eq!(read(&world, "1", &account).await, 200);
        let row = json!(["done", "assignment", [patient.id], [1]]);
        assert_eq!(world.audit_summary().await, slice::from_ref(&row));

        // The row that the token lets expect is corrected.
        let to_staff = UserChange {
            role: Some(Role::Staff),
            patient_id: LinkChange::Remove,
            ..UserChange::default()
        };
        let account = world.sign_in(changed).await;
        change(&account, to_staff).await;
        assert_eq!(read(&world, "1", &account).await, 200);
        let corrected = json!(["done", "role", [patient.id], [1], "corrects"]);
        assert_eq!(world.audit_summary().await, [row.clone(), row, corrected]);
    });
}

#[test]
fn read_of_a_patient_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world: &World| {
        let patient = world.patient(1).await;
        world.assign(&world.doctor(1).await, &patient).await;
        (handler(), Event::of("doctors-get").by(&world.patient_account(&patient).await))
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("doctors-get"));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("doctors-get"), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("doctors-get", &[]);
}
