use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, json, run};

use super::get;

fn event() -> Event {
    Event::of("doctors-get")
}

#[test]
fn answers_one_doctor_with_its_version() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        let event = event().path_parameter("id", doctor.id);
        let answer = world.call(signed_in(get), event.by(&staff)).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        let body = answer.expect(200);
        assert_eq!(body, json!(doctor));
    });
}

#[test]
fn what_is_not_there_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        for id in ["1", "0", "-1", "abc", "1.5", "9007199254740992", "9223372036854775808", "%00"] {
            let event = event().path_parameter("id", id).by(&staff);
            world.call(signed_in(get), event).await.expect_problem(404, "not_found");
        }
    });
}

#[test]
fn only_staff_may() {
    run(async |world: World| world.expect_staff_only(signed_in(get), event()).await);
}
