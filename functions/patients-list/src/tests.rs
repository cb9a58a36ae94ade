use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, json, run};

use super::list;

fn event() -> Event {
    Event::of("patients-list").query(&[])
}

#[test]
fn walks_to_the_end_in_order_of_names() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        for n in [3, 1, 5, 2, 4] {
            world.patient(n).await;
        }
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let query = [("limit", "2"), ("cursor", cursor.as_str())];
            let query = if cursor.is_empty() { &query[..1] } else { &query };
            let page =
                world.call(signed_in(list), event().query(query).by(&staff)).await.expect(200);
            for patient in page["results"].as_array().unwrap() {
                seen.push(
                    patient["last_name"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned(),
                );
                assert!(patient.get("medical_history").is_none());
            }
            match page["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, ["001", "002", "003", "004", "005"]);
    });
}

#[test]
fn search_takes_the_beginning_of_a_last_name_in_any_letter_case() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(17).await;
        world.patient(2).await;
        let name = patient.details.last_name.as_str().to_uppercase();
        let found = |search: String| {
            let event = event().query(&[("search", &search)]).by(&staff);
            world.call(signed_in(list), event)
        };
        let page = found(name[..name.len() - 1].to_owned()).await.expect(200);
        assert_eq!(page["results"][0]["id"], json!(patient.id));
        assert_eq!(page["results"].as_array().unwrap().len(), 1);
        assert_eq!(found("nobody".to_owned()).await.expect(200)["results"], json!([]));
        let problem = found("a\u{1f}".to_owned()).await.expect_problem(400, "invalid_query");
        assert!(problem["errors"]["search"].is_array());
    });
}

#[test]
fn bad_limits_and_foreign_cursors_are_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.patient(1).await;
        world.patient(2).await;
        for (name, value) in
            [("limit", "0"), ("limit", "101"), ("limit", "abc"), ("cursor", "abc"), ("cursor", "")]
        {
            let event = event().query(&[(name, value)]).by(&staff);
            let problem =
                world.call(signed_in(list), event).await.expect_problem(400, "invalid_query");
            assert!(problem["errors"][name].is_array(), "{problem}");
        }
        let first = event().query(&[("limit", "1")]).by(&staff);
        let page = world.call(signed_in(list), first).await.expect(200);
        let foreign = [("search", "a"), ("cursor", page["next"].as_str().unwrap())];
        let event = event().query(&foreign).by(&staff);
        world.call(signed_in(list), event).await.expect_problem(400, "invalid_query");
    });
}

#[test]
fn only_staff_may() {
    run(async |world: World| world.expect_staff_only(signed_in(list), event()).await);
}
