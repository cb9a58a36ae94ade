use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, run};

use super::delete;

fn event() -> Event {
    Event::of("doctors-delete")
}

#[test]
fn a_deleted_doctor_is_gone_and_stays_gone() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.doctor(1).await;
        let event = event().by(&staff);
        let answer = world.call(signed_in(delete), event.clone()).await;
        assert!(answer.expect(204).is_null());
        world.call(signed_in(delete), event).await.expect_problem(404, "not_found");
    });
}

#[test]
fn its_mappings_go_with_it() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        world.call(signed_in(delete), event().by(&staff)).await.expect(204);
        let left = world.app.table().remove(doctor.id, patient.id).await.unwrap();
        assert_eq!(left, shared::table::Removed::NotAssigned);
    });
}

#[test]
fn if_match_is_honoured() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.doctor(1).await;
        let event = event().by(&staff);
        let stale = event.clone().header("if-match", "\"2\"");
        world.call(signed_in(delete), stale).await.expect_problem(412, "precondition_failed");
        let current = event.header("if-match", "\"1\"");
        world.call(signed_in(delete), current).await.expect(204);
    });
}

#[test]
fn only_staff_may() {
    run(async |world: World| world.expect_staff_only(signed_in(delete), event()).await);
}
