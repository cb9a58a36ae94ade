use shared::model::user::Role;
use shared::testing::{
    Event, Handler, RECORD_SETTINGS, Value, World, checks, json, protected_with, run,
};

use super::duplicates;

fn handler() -> impl Handler {
    protected_with(RECORD_SETTINGS, duplicates)
}

fn event() -> Event {
    Event::of("patients-duplicates")
}

#[test]
fn names_patients_who_may_be_the_same_person() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let jane = world.patient(1).await;
        checks::identify(&world, &staff, &jane).await;
        world.patient(2).await;
        let expected = json!({"possible_duplicates": [{
            "id": jane.id, "first_name": "Jane", "last_name": "Roe 001", "date_of_birth": "1985-04-12",
        }]});
        for body in [
            json!({"first_name": "ROE 001", "last_name": "jane", "date_of_birth": "1985"}),
            json!({"first_name": "Jane", "last_name": "Roe 001", "date_of_birth": null}),
            json!({"first_name": "J.", "former_names": ["Jane Roe 001"]}),
            json!({"identifiers": [{"system": "mrn", "value": "a\u{2010}7"}]}),
        ] {
            let answer = world.call(handler(), event().json(body).by(&staff)).await;
            assert_eq!(answer.expect(200), expected);
        }
        // The first of the two patients with this number is the one with the lower id.
        let by_phone = event().json(json!({"contact_number": "+1 202 555 0147"})).by(&staff);
        let found = world.call(handler(), by_phone).await.expect(200);
        let ids: Vec<_> = found["possible_duplicates"].as_array().unwrap().iter().collect();
        assert_eq!((ids.len(), &ids[0]["id"], &ids[1]["id"]), (2, &json!(1), &json!(2)));
        for body in [
            json!({}),
            json!({"first_name": "Jane", "last_name": "Roe 001", "date_of_birth": "1985-05"}),
            json!({"first_name": "Jane", "last_name": "Roe"}),
            json!({"identifiers": [{"system": "NHS", "value": "A-7"}]}),
        ] {
            let answer = world.call(handler(), event().json(body).by(&staff)).await;
            assert_eq!(answer.expect(200), json!({"possible_duplicates": []}));
        }
    });
}

#[test]
fn names_at_most_ten() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        for n in 0..12 {
            world.patient(n).await;
        }
        let found = world.call(handler(), event().by(&staff)).await.expect(200);
        let found = found["possible_duplicates"].as_array().unwrap();
        let ids: Vec<_> = found.iter().map(|patient| patient["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, (1..=10).collect::<Vec<_>>());
    });
}

#[test]
fn restricted_patients_are_not_named() {
    run(async |world: World| {
        let (admin, staff) = (world.actor(Role::Admin).await, world.actor(Role::Staff).await);
        let (jane, other) = (world.patient(1).await, world.patient(2).await);
        world.restrict(&jane).await;
        let phone = json!({"contact_number": "+1 202 555 0147"});
        for actor in [&admin, &staff] {
            let found = world.call(handler(), event().json(phone.clone()).by(actor)).await;
            let found = found.expect(200);
            let found = found["possible_duplicates"].as_array().unwrap();
            let ids: Vec<&Value> = found.iter().map(|patient| &patient["id"]).collect();
            assert_eq!(ids, [&json!(other.id)]);
        }
    });
}

#[test]
fn row_of_those_who_are_compared_is_corrected_unless_all_are_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.patient(1).await;
        world.patient(2).await;
        let phone = json!({"contact_number": "+1 202 555 0147"});
        let other_birth_date =
            json!({"first_name": "Jane", "last_name": "Roe 001", "date_of_birth": "1985-05"});
        for (body, patients) in [
            (phone, json!([[1, 2]])),
            (other_birth_date, json!([[1], []])),
            (json!({}), json!([[]])),
        ] {
            let before = world.audit_rows().await;
            world.call(handler(), event().json(body).by(&staff)).await.expect(200);
            let mut rows = world.audit_rows().await;
            rows.retain(|row| !before.contains(row));
            let named: Vec<Value> =
                rows.iter().map(|row| json!(row.facts.subjects.patients)).collect();
            assert_eq!(json!(named), patients);
            let first = rows.get(1).map(|_| &rows[0].place);
            let last = rows.last().unwrap();
            assert_eq!(last.corrects.as_ref().map(|row| &row.place), first);
        }
    });
}

#[test]
fn invalid_fields_are_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let wrong = json!({"date_of_birth": "yesterday", "address": "12 Elm Street"});
        let answer = world.call(handler(), event().json(wrong).by(&staff)).await;
        let problem = answer.expect_problem(400, "invalid_body");
        let errors = problem["errors"].as_object().unwrap();
        assert!(errors.keys().eq(["address", "date_of_birth"]), "{problem}");
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), false);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("patients-duplicates", &[]);
}
