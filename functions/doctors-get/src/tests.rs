use shared::model::doctor::DoctorDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::{Event, Handler, World, checks, json, protected, run, steps};

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
