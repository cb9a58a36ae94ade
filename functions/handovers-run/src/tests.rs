use std::sync::Arc;
use std::time::Duration;

use serde::de::IgnoredAny;
use shared::model::assignment::CareRole;
use shared::model::doctor::Doctor;
use shared::model::handover::NewHandover;
use shared::model::id::{Id, UserId};
use shared::store::HandoverRequest;
use shared::testing::{Value, World, checks, json, run, steps};

use super::work;

/// Calls the function as EventBridge does. Returns its calls to DynamoDB.
async fn invoke(world: &World) -> Vec<String> {
    let (app, calls) = world.app_of_function();
    let done = work(app, Arc::new(()), IgnoredAny);
    calls.of_function(Some("handovers-run"), done).await.unwrap();
    calls.take()
}

/// Returns the sort keys with this prefix in the partition of a doctor.
async fn keys(world: &World, doctor: &Doctor, prefix: &str) -> Vec<String> {
    let rows = world.rows(&format!("DOCTOR#{:016}", doctor.id)).await;
    let mut keys: Vec<String> = rows.iter().map(|row| row["sk"].as_s().unwrap().clone()).collect();
    keys.retain(|key| key.starts_with(prefix));
    keys
}

#[test]
fn all_patients_move_in_every_form_of_assignment() {
    run(async |world: World| {
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let (first, second) = (world.patient(1).await, world.patient(2).await);
        let third = world.patient(3).await;
        world.assign(&doctor, &first).await;
        world.assign_for(&doctor, &second, CareRole::Primary, 0..30).await;
        // The other doctor has this patient already.
        world.assign_for(&doctor, &third, CareRole::Primary, 0..30).await;
        world.assign_for(&other, &third, CareRole::Consulting, 0..10).await;
        world.hand_over(&doctor, &other).await;
        world.advance(Duration::from_secs(60));
        invoke(&world).await;

        assert!(keys(&world, &doctor, "NAME#").await.is_empty());
        assert_eq!(keys(&world, &doctor, "PAST#").await.len(), 3);
        assert_eq!(keys(&world, &other, "NAME#").await.len(), 3);
        assert!(keys(&world, &doctor, "HANDOVER").await.is_empty());
        assert!(world.rows("JOBS").await.is_empty());
        let job = world.rows("JOB#").await.remove(0);
        assert_eq!(job["moved"].as_n().unwrap(), "3");
    });
}

#[test]
fn rows_of_the_trail_name_the_handover_and_the_changed_fields() {
    run(async |world: World| {
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let (first, second) = (world.patient(1).await, world.patient(2).await);
        world.assign(&doctor, &first).await;
        world.assign_for(&doctor, &second, CareRole::Primary, 0..30).await;
        world.assign_for(&other, &second, CareRole::Consulting, 0..10).await;
        world.hand_over(&doctor, &other).await;
        world.advance(Duration::from_secs(60));
        invoke(&world).await;
        let rows = world.audited("handovers-run").await;
        assert!(rows.iter().all(|facts| facts.object.as_deref() == Some("handover-1")));
        let fields: Vec<Value> = rows.iter().map(|facts| json!(facts.fields)).collect();
        // The old assignment ends. The one that the other doctor has already becomes a longer one.
        let moved = [json!(["ends_at"]), json!(["ends_at", "role"])];
        assert!(moved.iter().all(|it| fields.contains(it)), "{fields:?}");
        // The last row is that of the hand-over's end.
        assert_eq!((fields.len(), &fields[2]), (3, &json!([])));
    });
}

#[test]
fn handover_waits_for_its_time() {
    run(async |world: World| {
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        world.assign(&doctor, &world.patient(1).await).await;
        let (store, now) = (world.app.store(), world.app.now());
        let effective_at = Some(now.plus(Duration::from_secs(60)));
        let handover = NewHandover { to_doctor_id: other.id, effective_at, reason: None };
        let request = HandoverRequest { doctor_id: doctor.id, handover };
        let by = steps::grant(store, UserId::new(1).unwrap(), now, request).await.unwrap();
        store.handovers().start(by, "a-handover".parse().unwrap()).await.unwrap();

        world.advance(Duration::from_secs(59));
        assert_eq!(invoke(&world).await, ["Query"]);
        assert!(keys(&world, &other, "NAME#").await.is_empty());
        world.advance(Duration::from_secs(1));
        invoke(&world).await;
        assert_eq!(keys(&world, &other, "NAME#").await.len(), 1);
    });
}

#[test]
fn minute_without_work_costs_one_query() {
    run(async |world: World| {
        assert_eq!(invoke(&world).await, ["Query"]);
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("handovers-run", &[]);
}
