use std::collections::BTreeSet;
use std::time::Duration;

use shared::model::emergency_review::EmergencyReview;
use shared::model::user::Role;
use shared::testing::{Actor, Answer, Event, Handler, Value, World, checks, json, protected, run};

use super::list;

fn handler() -> impl Handler {
    protected(list)
}

fn event() -> Event {
    Event::of("emergency-list")
}

async fn ask(world: &World, admin: &Actor, query: &[(&str, &str)]) -> Answer {
    world.call(handler(), event().query(query).by(admin)).await
}

/// Opens emergency access to so many patients, one each second. Returns the reviews, newest first.
async fn open(world: &World, count: u32) -> Vec<EmergencyReview> {
    let doctor = world.doctor_account(&world.doctor(1).await).await;
    let mut reviews = Vec::new();
    for n in 0..count {
        reviews.insert(0, world.emergency(&doctor, &world.patient(n).await).await);
        world.advance(Duration::from_secs(1));
    }
    reviews
}

fn ids(results: &[Value]) -> Vec<&str> {
    results.iter().map(|review| review["id"].as_str().unwrap()).collect()
}

fn ids_of<'a>(reviews: impl IntoIterator<Item = &'a EmergencyReview>) -> Vec<&'a str> {
    reviews.into_iter().map(|review| review.id.as_str()).collect()
}

#[test]
fn open_reviews_are_listed() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let reviews = open(&world, 1).await;
        let body = ask(&world, &admin, &[]).await.expect(200);
        let review = json!({
            "id": reviews[0].id, "patient_id": 1, "user_id": 2, "reason_code": "urgent_care",
            "reason": "Unconscious, brought in without papers",
            "granted_at": "2026-01-31T12:00:00.000Z", "ends_at": "2026-01-31T16:00:00.000Z",
            "status": "open", "verdict": null, "note": null, "reviewed_by": null,
            "reviewed_at": null, "version": 1,
        });
        assert_eq!(body, json!({"results": [review], "next": null}));
    });
}

#[test]
fn status_chooses_the_reviews() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let reviews = open(&world, 4).await;
        let closed = [&reviews[1], &reviews[3]];
        for review in closed {
            world.close_review(&admin, review).await;
        }
        let still_open = [&reviews[0], &reviews[2]];
        for (query, expected) in [
            (&[][..], ids_of(still_open)),
            (&[("status", "open")][..], ids_of(still_open)),
            (&[("status", "reviewed")][..], ids_of(closed)),
            (&[("status", "all")][..], ids_of(&reviews)),
        ] {
            let body = ask(&world, &admin, query).await.expect(200);
            assert_eq!(ids(body["results"].as_array().unwrap()), expected, "{query:?}");
        }
        let body = ask(&world, &admin, &[("status", "reviewed")]).await.expect(200);
        let review = &body["results"][0];
        assert_eq!(
            (&review["status"], &review["verdict"]),
            (&json!("reviewed"), &json!("justified"))
        );
        assert_eq!(review["reviewed_by"], json!(admin.id()));
    });
}

#[test]
fn pages_list_every_review_once_and_newest_first() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let reviews = open(&world, 7).await;
        let seen = checks::walk(&world, handler(), event(), &admin).await;
        assert_eq!(ids(&seen), ids_of(&reviews));
        for number in [0, 1, 4] {
            world.close_review(&admin, &reviews[number]).await;
        }
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = vec![("status", "all"), ("limit", "2")];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = ask(&world, &admin, &query).await.expect(200);
            all.extend(page["results"].as_array().unwrap().iter().cloned());
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
            // A review that is closed between two pages is listed once.
            if all.len() == 2 {
                world.close_review(&admin, &reviews[2]).await;
            }
        }
        assert_eq!(ids(&all), ids_of(&reviews));
    });
}

#[test]
fn invalid_parameters_are_named() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        open(&world, 2).await;
        for (name, value) in
            [("limit", "0"), ("limit", "101"), ("cursor", "abc"), ("status", "closed")]
        {
            let answer = ask(&world, &admin, &[(name, value)]).await;
            let problem = answer.expect_problem(400, "invalid_query");
            assert!(problem["errors"][name].is_array(), "{problem}");
        }
        let page = ask(&world, &admin, &[("limit", "1")]).await.expect(200);
        let of_another_list = [("status", "all"), ("cursor", page["next"].as_str().unwrap())];
        let answer = ask(&world, &admin, &of_another_list).await;
        answer.expect_problem(400, "invalid_query");
    });
}

#[test]
fn row_of_the_trail_names_the_patients() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let reviews = open(&world, 2).await;
        ask(&world, &admin, &[]).await.expect(200);
        let rows = world.audit_rows().await;
        let [row] = &rows[..] else { panic!("{rows:?}") };
        let patients: BTreeSet<_> = reviews.iter().map(|review| review.patient_id).collect();
        assert_eq!(row.facts.subjects.patients, patients);
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        world.expect_staff_only(handler(), event()).await;
        let staff = world.actor(Role::Staff).await;
        ask(&world, &staff, &[]).await.expect_problem(403, "permission_denied");
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let admin = world.actor(Role::Admin).await;
        open(world, 1).await;
        (handler(), event().by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("emergency-list", &[]);
}
