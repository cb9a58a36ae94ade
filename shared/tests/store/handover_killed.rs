//! A worker that is killed at any moment: another one resumes the hand-over, and each patient is moved exactly once.
//!
//! `HANDOVER_PATIENTS` is the number of patients of the large panel, and `HANDOVER_SEED` the seed of its kills.

use std::env;

use shared::model::handover::{Handover, HandoverId};
use shared::store::{DynamoError, StoreError};
use shared::testing::faults::{Fault, When};
use shared::testing::{World, json, run};

use super::handover::{LEASE, Ward, end, read, work};
use super::killed::{Killed, store_killed_at};
use super::old_data::{put, put_row};
use super::reindex::kill_after;

/// The patients of a small panel.
const PATIENTS: u32 = 4;

/// The patients of the large panel.
const MANY_PATIENTS: u32 = 200;

/// How often the worker of the large panel is killed.
const KILLS: u32 = 10;

fn number(variable: &str, usual: u32) -> u32 {
    let parse = |text: String| {
        text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text}"))
    };
    env::var(variable).map_or(usual, parse)
}

/// Fails the test unless the count is that of the patients who have moved.
async fn expect_exact_count(world: &World, ward: &Ward, id: &HandoverId) {
    let (Handover { moved, .. }, has) = (read(world, id).await, ward.moved(world).await);
    assert_eq!(moved, u64::try_from(has).unwrap());
}

/// Kills a worker at its first call, in another world at its second, and so on, until a worker reaches the end.
async fn kill_at_every_call(killed: Killed) {
    for call in 0.. {
        let world = World::new().await;
        let ward = Ward::new(&world, PATIENTS).await;
        let id = ward.hand_over(&world).await;
        let store = store_killed_at(&world, call, killed).await;
        let (_, ended) = store.handovers().run(world.app.system(), end(&world)).await;
        println!("{killed:?} call {call}: {ended:?}");
        expect_exact_count(&world, &ward, &id).await;
        if ended.is_ok() {
            ward.expect_all_moved(&world, &id).await;
            // A read and a write for each patient.
            assert!(call > 2 * usize::try_from(PATIENTS).unwrap(), "the worker made {call} calls");
            return;
        }
        world.advance(LEASE);
        work(&world).await;
        ward.expect_all_moved(&world, &id).await;
    }
}

#[test]
fn worker_killed_before_any_call_loses_nothing() {
    run(async |_: World| kill_at_every_call(Killed::Before).await);
}

#[test]
fn worker_killed_after_any_call_does_nothing_twice() {
    run(async |_: World| kill_at_every_call(Killed::After).await);
}

/// If the call was about one patient, that patient stays.
#[test]
fn failure_of_one_call_leaves_the_rest_to_the_next_run() {
    run(async |_: World| {
        for call in 0.. {
            let world = World::new().await;
            let ward = Ward::new(&world, PATIENTS).await;
            let id = ward.hand_over(&world).await;
            let store = store_killed_at(&world, call, Killed::Not).await;
            let (_, ended) = store.handovers().run(world.app.system(), end(&world)).await;
            println!("call {call}: {ended:?}");
            // Without waiting for the end of a lease.
            work(&world).await;
            let moved = ward.moved(&world).await;
            let left = ward.patients.len() - moved;
            assert!(left <= usize::from(ended.is_err()), "{left} are left");
            ward.expect_done(&world, &id, moved, u64::try_from(left).unwrap()).await;
            if ended.is_ok() {
                return;
            }
        }
    });
}

/// No version of this program writes such an item.
#[test]
fn patient_whose_care_cannot_be_read_does_not_stop_the_others() {
    run(async |world: World| {
        let ward = Ward::new(&world, PATIENTS).await;
        let id = ward.hand_over(&world).await;
        let patient = format!("PATIENT#{:016}", ward.patients[1].id);
        let rows = world.rows(&patient).await;
        let care = rows.into_iter().find(|row| row["sk"].as_s().unwrap() == "CARE").unwrap();
        put(&world, json!({"pk": patient, "sk": "CARE", "version": "unknown"})).await;
        let (moved, ended) =
            world.app.store().handovers().run(world.app.system(), end(&world)).await;
        assert_eq!(moved, 3);
        assert!(matches!(ended, Err(StoreError::Dynamo(DynamoError::Unexpected(_)))), "{ended:?}");
        put_row(&world, care).await;
        ward.expect_done(&world, &id, 3, 1).await;
        // Nothing is left to fail again.
        work(&world).await;
    });
}

/// The client of DynamoDB sends a call again whose reply is lost.
#[test]
fn lost_replies_do_no_harm() {
    run(async |_: World| {
        for call in 0.. {
            let world = World::new().await;
            let ward = Ward::new(&world, PATIENTS).await;
            let id = ward.hand_over(&world).await;
            let app = world.app_with_fault(When::Once(call), Fault::ReplyLost).await;
            world.calls.take();
            app.store().handovers().run(app.system(), end(&world)).await.1.unwrap();
            let calls = world.calls.take().len();
            ward.expect_all_moved(&world, &id).await;
            if call >= calls {
                return;
            }
        }
    });
}

#[test]
fn hand_over_of_a_large_panel_survives_ten_kills() {
    run(async |world: World| {
        let patients = number("HANDOVER_PATIENTS", MANY_PATIENTS);
        let ward = Ward::new(&world, patients).await;
        let id = ward.hand_over(&world).await;
        let mut random = fastrand::Rng::with_seed(number("HANDOVER_SEED", 1).into());
        for _ in 0..KILLS {
            // With other clients, as in another process.
            let app = world.another_app();
            let end = end(&world);
            let running = async { drop(app.store().handovers().run(app.system(), end).await) };
            // A move takes about three polls, so that all kills together leave some patients to the last worker.
            let polls = random.usize(1..=ward.patients.len().div_ceil(5));
            kill_after(polls, running).await;
            world.advance(LEASE);
        }
        let moved = ward.moved(&world).await;
        assert!(0 < moved && moved < ward.patients.len(), "{moved} were moved between the kills");
        work(&world).await;
        ward.expect_all_moved(&world, &id).await;
    });
}
