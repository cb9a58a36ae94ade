use std::time::Duration;

use shared::model::user::Role;
use shared::testing::{Actor, Event, Handler, Value, World, checks, json, protected, run};

use super::assign_many;

mod trail;

fn handler() -> impl Handler {
    protected(assign_many)
}

/// Returns the request for these assignments.
fn event(assignments: Value) -> Event {
    Event::of("mappings-bulk").json(json!({"assignments": assignments}))
}

/// Returns the item for an assignment to patient 1.
fn item(doctor: u32) -> Value {
    json!({"doctor_id": doctor, "patient_id": 1})
}

/// Creates doctors 1, 2, … and patient 1, and signs in a member of staff.
async fn clinic(world: &World, doctors: u32) -> Actor {
    for n in 1..=doctors {
        world.doctor(n).await;
    }
    world.patient(1).await;
    world.actor(Role::Staff).await
}

async fn results(world: &World, actor: &Actor, assignments: Value) -> Vec<Value> {
    let mut body = world.call(handler(), event(assignments).by(actor)).await.expect(200);
    assert_eq!(body.as_object().unwrap().len(), 1);
    body["results"].as_array_mut().unwrap().drain(..).collect()
}

#[test]
fn every_item_has_an_outcome_of_its_own() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let found = results(
            &world,
            &staff,
            json!([
                {"doctor_id": 1, "patient_id": 1, "role": "primary", "reason": "intake"},
                {"doctor_id": 1, "patient_id": 1},
                {"doctor_id": 2, "patient_id": 1, "role": "primary"},
                {"doctor_id": 2, "patient_id": 7},
                {"doctor_id": 2, "patient_id": 1, "ends_at": "2026-01-31T12:00:00Z"},
                {"doctor_id": 2, "role": "nurse", "note": "x"},
                {"doctor_id": 2, "patient_id": 1},
            ]),
        )
        .await;
        let of = |name: &str| found.iter().map(|result| result[name].clone()).collect::<Vec<_>>();
        assert_eq!(json!(of("status")), json!([201, 200, 409, 404, 400, 400, 201]));
        assert_eq!(
            json!(of("code")),
            json!([null, null, "primary_taken", "not_found", "invalid_body", "invalid_body", null])
        );
        assert_eq!(found[0]["assignment"], found[1]["assignment"]);
        assert_eq!(found[0]["assignment"]["role"], "primary");
        assert_eq!(found[0]["assignment"]["reason"], "intake");
        assert_eq!(found[0].as_object().unwrap().len(), 2);
        assert_eq!(found[3]["detail"], "There is no patient 7.");
        assert!(found[2..6].iter().all(|result| result.get("assignment").is_none()));
        assert_eq!(found[4]["errors"], json!({"ends_at": ["must be in the future"]}));
        assert_eq!(
            found[5]["errors"],
            json!({
                "patient_id": ["is required"], "note": ["is not a field of this request"],
                "role": ["must be one of primary, treating, consulting"],
            })
        );
        assert_eq!(found[6]["assignment"]["doctor_name"], "Grace Okafor 002");
    });
}

#[test]
fn item_that_is_too_many_does_not_undo_the_others() {
    run(async |world: World| {
        let staff = clinic(&world, 21).await;
        let items: Vec<Value> = (1..=21).map(item).collect();
        let found = results(&world, &staff, json!(items)).await;
        let made = found.iter().filter(|result| result["status"] == 201).count();
        assert_eq!((made, &found[20]["code"]), (20, &json!("too_many_doctors")));
    });
}

#[test]
fn doctor_who_hands_over_gets_no_patient() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        let (doctor, other) = (world.doctor(2).await, world.doctor(3).await);
        world.hand_over(&doctor, &other).await;
        let found = results(&world, &staff, json!([item(1), item(2), item(3)])).await;
        let of = |name: &str| found.iter().map(|result| result[name].clone()).collect::<Vec<_>>();
        assert_eq!(json!(of("status")), json!([201, 409, 201]));
        assert_eq!(json!(of("code")), json!([null, "handing_over", null]));
    });
}

#[test]
fn repeated_batch_changes_nothing() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let items = json!([item(1), item(2)]);
        let first = results(&world, &staff, items.clone()).await;
        world.advance(Duration::from_secs(60));
        world.calls.take();
        let again = results(&world, &staff, items).await;
        assert_eq!(world.calls.take(), ["BatchGetItem"; 3]);
        for (first, again) in first.iter().zip(&again) {
            assert_eq!((&first["status"], &again["status"]), (&json!(201), &json!(200)));
            assert_eq!(first["assignment"], again["assignment"]);
        }
    });
}

#[test]
fn assignments_whose_period_is_over_move_to_the_past() {
    run(async |world: World| {
        let staff = clinic(&world, 2).await;
        let end = world.app.now().plus(Duration::from_secs(60));
        let bounded = json!({"doctor_id": 1, "patient_id": 1, "ends_at": end});
        results(&world, &staff, json!([bounded])).await;
        world.advance(Duration::from_secs(60));
        results(&world, &staff, json!([item(2)])).await;
        for (partitions, open) in [("PATIENT#", "DOCTOR#"), ("DOCTOR#", "NAME#")] {
            let rows = world.rows(partitions).await;
            let count = |prefix: &str| {
                rows.iter().filter(|row| row["sk"].as_s().unwrap().starts_with(prefix)).count()
            };
            assert_eq!((count(open), count("PAST#")), (1, 1), "{partitions}");
        }
    });
}

#[test]
fn batch_has_from_1_to_50_objects() {
    run(async |world: World| {
        let staff = clinic(&world, 1).await;
        let too_many: Vec<Value> = vec![item(1); 51];
        let number = "must have from 1 to 50 items";
        for (assignments, problem) in [
            (json!([]), number),
            (json!(too_many), number),
            (json!(null), "must not be null"),
            (item(1), "must be an array"),
            (json!([item(1), 7]), "item 2: must be an object"),
        ] {
            let answer = world.call(handler(), event(assignments).by(&staff)).await;
            let body = answer.expect_problem(400, "invalid_body");
            assert_eq!(body["errors"], json!({"assignments": [problem]}));
        }
        assert!(world.rows("DOCTOR#").await.iter().all(|row| !row.contains_key("names")));
        let most: Vec<Value> = vec![item(1); 50];
        let found = results(&world, &staff, json!(most)).await;
        assert_eq!((found.len(), &found[49]["status"]), (50, &json!(200)));
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event(json!([item(1)])));
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let staff = clinic(world, 2).await;
        (handler(), event(json!([item(1), item(2)])).by(&staff))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-bulk", &[]);
}
