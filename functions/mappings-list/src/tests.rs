use std::collections::BTreeSet;

use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, run};

use super::list;

fn event() -> Event {
    Event::of("mappings-list").query(&[])
}

#[test]
fn pages_show_every_mapping_once_with_the_names_of_today() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=5 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let mut seen = BTreeSet::new();
        let mut query = vec![("limit", "2".to_owned())];
        loop {
            let pairs: Vec<(&str, &str)> = query.iter().map(|(k, v)| (*k, v.as_str())).collect();
            let page =
                world.call(signed_in(list), event().query(&pairs).by(&staff)).await.expect(200);
            for mapping in page["results"].as_array().unwrap() {
                assert_eq!(mapping["patient_name"], "Jane Roe 001");
                assert!(seen.insert(mapping["doctor_name"].as_str().unwrap().to_owned()));
            }
            let Some(next) = page["next"].as_str() else { break };
            query = vec![("limit", "2".to_owned()), ("cursor", next.to_owned())];
        }
        assert_eq!(seen.len(), 5);
    });
}

#[test]
fn only_staff_may() {
    run(async |world: World| world.expect_staff_only(signed_in(list), event()).await);
}
