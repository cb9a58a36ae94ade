use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, json, run};

use super::doctors;

fn event() -> Event {
    Event::of("mappings-doctors").query(&[])
}

#[test]
fn lists_them_page_by_page_with_the_time_of_assignment() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=5 {
            let doctor = world.doctor(n).await;
            world.assign(&doctor, &patient).await;
        }
        let mut seen = Vec::new();
        let mut query = vec![("limit", "2".to_owned())];
        loop {
            let pairs: Vec<(&str, &str)> = query.iter().map(|(k, v)| (*k, v.as_str())).collect();
            let event = event().query(&pairs).path_parameter("patient_id", patient.id).by(&staff);
            let page = world.call(signed_in(doctors), event).await.expect(200);
            for doctor in page["results"].as_array().unwrap() {
                assert_eq!(doctor["assigned_at"], "2026-01-31T12:00:00.000Z");
                assert!(doctor.get("medical_history").is_none());
                seen.push(doctor["id"].as_u64().unwrap());
            }
            let Some(next) = page["next"].as_str() else { break };
            query = vec![("limit", "2".to_owned()), ("cursor", next.to_owned())];
        }
        assert_eq!(seen, [1, 2, 3, 4, 5]);
    });
}

#[test]
fn nobody_assigned_is_an_empty_list_and_nobody_there_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().by(&staff);
        world.call(signed_in(doctors), event.clone()).await.expect_problem(404, "not_found");
        world.patient(1).await;
        let page = world.call(signed_in(doctors), event).await.expect(200);
        assert_eq!(page, json!({"results": [], "next": null}));
    });
}

#[test]
fn only_staff_may() {
    run(async |world: World| world.expect_staff_only(signed_in(doctors), event()).await);
}
