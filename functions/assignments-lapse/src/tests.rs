use std::sync::Arc;
use std::time::Duration;

use serde::de::IgnoredAny;
use shared::model::assignment::CareRole;
use shared::testing::emulator::AttributeValue;
use shared::testing::{World, checks, run};

use super::work;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Calls the function as EventBridge does. Returns its calls to DynamoDB.
async fn invoke(world: &World) -> Vec<String> {
    let (app, calls) = world.app_of_function();
    let done = work(app, Arc::new(()), IgnoredAny);
    calls.of_function(Some("assignments-lapse"), done).await.unwrap();
    calls.take()
}

/// Returns the numbers of rows of assignments in the item of a care, of past ones, both in the partitions of patients and
/// doctors, and of first ends.
async fn counts(world: &World) -> [usize; 3] {
    let mut rows = world.rows("PATIENT#").await;
    rows.extend(world.rows("DOCTOR#").await);
    let count = |prefixes: [&str; 2]| {
        let has_prefix = |sk: &String| prefixes.iter().any(|prefix| sk.starts_with(prefix));
        rows.iter().filter(|row| has_prefix(row["sk"].as_s().unwrap())).count()
    };
    [count(["DOCTOR#", "NAME#"]), count(["PAST#"; 2]), world.rows("ENDS#").await.len()]
}

#[test]
fn assignments_whose_period_is_over_move_to_the_past() {
    run(async |world: World| {
        let (first, second) = (world.doctor(1).await, world.doctor(2).await);
        let (one, two) = (world.patient(1).await, world.patient(2).await);
        world.assign_for(&first, &one, CareRole::Primary, 0..1).await;
        world.assign_for(&second, &one, CareRole::Treating, 0..1).await;
        world.assign_for(&first, &two, CareRole::Treating, 0..2).await;
        world.assign(&second, &two).await;
        // One of three ends at another time.
        world.assign_for(&world.doctor(3).await, &one, CareRole::Treating, 0..2).await;
        invoke(&world).await;
        assert_eq!(counts(&world).await, [10, 0, 2]);
        world.advance(DAY);
        invoke(&world).await;
        assert_eq!(counts(&world).await, [6, 4, 2]);
        world.advance(DAY);
        invoke(&world).await;
        assert_eq!(counts(&world).await, [2, 8, 0]);
        let past = world.rows("PATIENT#").await;
        let past = past.iter().filter(|row| row["sk"].as_s().unwrap().starts_with("PAST#"));
        assert!(past.clone().all(|row| !row.contains_key("ended_by")));
    });
}

#[test]
fn days_without_a_run_are_made_up_for() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign_for(&doctor, &patient, CareRole::Treating, 0..1).await;
        world.advance(30 * DAY);
        invoke(&world).await;
        assert_eq!(counts(&world).await, [0, 2, 0]);
    });
}

#[test]
fn row_of_no_assignment_is_deleted() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign_for(&doctor, &patient, CareRole::Treating, 0..1).await;
        let mut rows = world.emulator.rows().unwrap();
        let is_end = |value: &AttributeValue| match value {
            AttributeValue::S(pk) => pk.starts_with("ENDS#"),
            _ => false,
        };
        rows.retain(|row| is_end(&row["pk"]));
        assert_eq!(rows.len(), 1);
        world.end_assignment(&doctor, &patient).await;
        assert_eq!(counts(&world).await, [0, 2, 0]);
        world.emulator.import(rows).unwrap();
        world.advance(DAY);
        invoke(&world).await;
        assert_eq!(counts(&world).await, [0, 2, 0]);
    });
}

#[test]
fn night_without_work_costs_a_query_for_each_day() {
    run(async |world: World| {
        assert_eq!(invoke(&world).await, ["Query"; 31]);
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("assignments-lapse", &[]);
}
