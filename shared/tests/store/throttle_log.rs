//! Throttles that know the times of their attempts: no span of time has more than its limit.

use std::time::Duration;

use shared::store::{Reserved, Store, ThrottleKey, WindowRule};
use shared::testing::faults::{Fault, When};
use shared::testing::{World, run, together};

const SECOND: Duration = Duration::from_secs(1);

/// Two attempts in ten seconds, and three in a minute.
const RULES: [WindowRule; 2] =
    [WindowRule { tries: 2, span: Duration::from_secs(10) }, WindowRule { tries: 3, span: MINUTE }];

const MINUTE: Duration = Duration::from_mins(1);

const YES: Reserved = Reserved::Yes { has_succeeded: false };

fn key() -> ThrottleKey {
    ThrottleKey::new("test", &["amara"])
}

async fn reserve(world: &World, store: &Store) -> Reserved {
    store.throttles().reserve_in_log(&key(), &RULES, world.app.now()).await.unwrap()
}

/// Makes these pauses, and an attempt after each. Returns how the attempts ended.
async fn after(world: &World, store: &Store, pauses: &[u32]) -> Vec<Reserved> {
    let mut reserved = Vec::new();
    for pause in pauses {
        world.advance(SECOND * *pause);
        reserved.push(reserve(world, store).await);
    }
    reserved
}

fn wait(seconds: u64) -> Reserved {
    Reserved::Wait(Duration::from_secs(seconds))
}

#[test]
fn attempt_waits_until_the_oldest_that_matters_leaves_its_span() {
    run(async |world: World| {
        // With the time since the beginning: 0, 9, 9, 10, 19, 60, 60
        let expected = [YES, YES, wait(1), YES, wait(41), YES, wait(9)];
        let ended = after(&world, world.app.store(), &[0, 9, 0, 1, 9, 41, 0]).await;
        assert_eq!(ended, expected);
    });
}

#[test]
fn older_emulator_that_withholds_the_item_is_asked_again() {
    run(async |world: World| {
        let app = world.app_with_fault(When::Always, Fault::ItemWithheld).await;
        let ended = after(&world, app.store(), &[0, 9, 0, 1]).await;
        assert_eq!(ended, [YES, YES, wait(1), YES]);
    });
}

#[test]
fn simultaneous_attempts_do_not_pass_the_limit() {
    run(async |world: World| {
        for _ in 0..5 {
            let apps: Vec<_> = (0..12).map(|_| world.another_app()).collect();
            let ended = together(apps.iter().map(|app| reserve(&world, app.store()))).await;
            assert_eq!(ended.iter().filter(|reserved| **reserved == YES).count(), 2, "{ended:?}");
            world.advance(MINUTE);
        }
    });
}

#[test]
fn attempt_that_is_taken_back_leaves_room_for_another() {
    run(async |world: World| {
        let store = world.app.store();
        let first = world.app.now();
        assert_eq!(after(&world, store, &[0, 0, 0]).await, [YES, YES, wait(10)]);
        store.throttles().release_from_log(&key(), first).await.unwrap();
        assert_eq!(after(&world, store, &[1, 0]).await, [YES, wait(9)]);
        // An attempt that is not there, and a log that is not there.
        let none = ThrottleKey::new("test", &["bruno"]);
        store.throttles().release_from_log(&none, first).await.unwrap();
        store.throttles().release_from_log(&key(), world.app.now().plus(SECOND)).await.unwrap();
        assert_eq!(reserve(&world, store).await, wait(9));
    });
}

#[test]
fn log_forgets_old_attempts_and_expires() {
    run(async |world: World| {
        let store = world.app.store();
        assert_eq!(after(&world, store, &[0, 20, 60]).await, [YES, YES, YES]);
        let rows = world.rows("ATTEMPTS#test#").await;
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!(row["times"].as_l().unwrap().len(), 1);
        let end = world.app.now().plus(MINUTE).as_second() + 1;
        assert_eq!(row["ttl"].as_n().unwrap(), &end.to_string());
    });
}
