use std::time::Duration;

use shared::model::doctor::Doctor;
use shared::model::patient::PatientDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::{
    Actor, Answer, Event, Handler, World, checks, json, protected, run, together,
};

use super::end;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn handler() -> impl Handler {
    protected(end)
}

fn event() -> Event {
    Event::of("covers-end")
}

async fn delete(world: &World, by: &Actor, doctor: &Doctor) -> Answer {
    world.call(handler(), event().path_parameter("id", doctor.id).by(by)).await
}

#[test]
fn access_ends_with_the_cover() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        let patient = world.patient(1).await;
        world.assign(&doctor, &patient).await;
        world.cover(&doctor, &covering, 14).await;
        let account = world.doctor_account(&covering).await;
        let read = async || {
            let event = Event::of("patients-get").without_policy().by(&account);
            let handler = protected(records::get::<PatientDetails>);
            world.call(handler, event.path_parameter("id", patient.id)).await
        };
        read().await.expect(200);
        assert!(delete(&world, &staff, &doctor).await.expect(204).is_null());
        read().await.expect_problem(403, "not_assigned");
        let problem = delete(&world, &staff, &doctor).await.expect_problem(404, "not_found");
        assert_eq!(problem["detail"], "There is no cover of doctor 1.");
    });
}

#[test]
fn row_of_the_trail_names_the_end() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        world.cover(&doctor, &covering, 14).await;
        world.advance(DAY);
        let staff = world.sign_in(staff.user).await;
        delete(&world, &staff, &doctor).await.expect(204);
        delete(&world, &staff, &doctor).await.expect(404);
        let rows = world.audited("covers-end").await;
        let fields: Vec<_> = rows.iter().map(|facts| json!(facts.fields)).collect();
        assert_eq!(fields, [json!(["ends_at"]), json!([])]);
    });
}

#[test]
fn other_covers_of_the_same_doctor_stay() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (one, two, covering) =
            (world.doctor(1).await, world.doctor(2).await, world.doctor(3).await);
        world.cover(&one, &covering, 14).await;
        world.cover(&two, &covering, 14).await;
        delete(&world, &staff, &one).await.expect(204);
        delete(&world, &staff, &one).await.expect(404);
        delete(&world, &staff, &two).await.expect(204);
    });
}

#[test]
fn doctor_can_be_covered_again() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        for _ in 0..3 {
            world.cover(&doctor, &covering, 14).await;
            delete(&world, &staff, &doctor).await.expect(204);
        }
    });
}

#[test]
fn cover_that_is_over_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        world.cover(&doctor, &covering, 1).await;
        world.advance(DAY);
        let staff = world.sign_in(staff.user).await;
        delete(&world, &staff, &doctor).await.expect_problem(404, "not_found");
    });
}

#[test]
fn doctor_without_a_cover_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.doctor(1).await;
        for id in ["1", "2", "0", "abc"] {
            let event = event().path_parameter("id", id).by(&staff);
            world.call(handler(), event).await.expect_problem(404, "not_found");
        }
    });
}

#[test]
fn cover_is_ended_once() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        world.cover(&doctor, &covering, 14).await;
        let answers = together([0, 1].map(|_| delete(&world, &staff, &doctor))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404]);
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
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        world.cover(&doctor, &covering, 14).await;
        (handler(), event().path_parameter("id", doctor.id).by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("covers-end", &[]);
}
