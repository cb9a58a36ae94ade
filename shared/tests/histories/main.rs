//! Concurrent operations, recorded and checked: for every key, the history of its operations is linearizable. An order
//! of the operations exists, each between its call and its return, in which one after another would return the same.
//!
//! Stateright searches for that order. Its work grows ninefold with each concurrent operation, so a key has eight.
//! Every test plays 100 rounds of 32 operations.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod accounts;
mod assignments;
mod records;
mod sessions;

use std::fmt::Debug;
use std::sync::Mutex;

use shared::App;
use shared::testing::{World, together};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

const ROUNDS: u32 = 100;
const KEYS: u32 = 4;
const OPERATIONS: u32 = 8;

/// Returns a number without a pattern that is the same in every run.
fn scattered(round: u32, key: u32, operation: u32) -> u32 {
    let mut random = fastrand::Rng::with_seed(u64::from(round * 1000 + key * 10 + operation));
    random.u32(..)
}

/// The history of one key.
struct History<S: SequentialSpec>(Mutex<LinearizabilityTester<u32, S>>);

impl<S> History<S>
where
    S: SequentialSpec + Clone + Debug,
    S::Op: Clone + Debug,
    S::Ret: Clone + Debug + PartialEq,
{
    fn of(initial: S) -> Self {
        Self(Mutex::new(LinearizabilityTester::new(initial)))
    }

    /// Runs an operation of one client, and records when it began and ended.
    async fn record(&self, client: u32, op: S::Op, act: impl Future<Output = S::Ret>) {
        self.0.lock().unwrap().on_invoke(client, op).unwrap();
        let outcome = act.await;
        self.0.lock().unwrap().on_return(client, outcome).unwrap();
    }

    #[track_caller]
    fn assert_linearizable(self) {
        let tester = self.0.into_inner().unwrap();
        assert!(tester.is_consistent(), "{tester:#?}");
    }
}

/// Returns a process for each client: they share the tables only.
fn clients(world: &World) -> Vec<App> {
    (0..OPERATIONS).map(|_| world.another_app()).collect()
}

/// Plays all rounds. In each, the operations of all keys run at the same time.
async fn play<K>(
    prepare: impl AsyncFn(u32, u32) -> K,
    act: impl AsyncFn(&K, u32, u32),
    check: impl AsyncFn(K),
) {
    for round in 0..ROUNDS {
        let mut keys = Vec::new();
        for key in 0..KEYS {
            keys.push(prepare(round, key).await);
        }
        let numbered = (0..KEYS).zip(&keys);
        let all = numbered.flat_map(|(number, key)| {
            (0..OPERATIONS).map(move |client| (key, client, scattered(round, number, client)))
        });
        together(all.map(|(key, client, chance)| act(key, client, chance))).await;
        for key in keys {
            check(key).await;
        }
    }
}
