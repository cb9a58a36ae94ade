//! The chains of one process, and of several.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shared::model::id::UserId;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::store::{Store, StoreError};
use shared::testing::{Witnesses, World, json, run, steps, together};
use tokio::sync::Barrier;

use super::clinic::{Clinic, Kind};
use super::proxy::{Proxy, Step, cancelled};
use super::{numbers, verify};

/// The number of simultaneous requests.
const REQUESTS: usize = 8;

const MINUTE: Duration = Duration::from_secs(60);

/// Changes a patient: one transaction, with one row.
pub async fn change(world: &World, store: &Store, patient: &Patient, address: &str) {
    try_change(world, store, patient, address).await.unwrap();
}

pub async fn try_change(
    world: &World,
    store: &Store,
    patient: &Patient,
    address: &str,
) -> Result<Patient, StoreError> {
    let fields = json!({"address": address}).as_object().unwrap().clone();
    let edit: Edit<PatientDetails> = Edit::Merge(fields);
    steps::update(store, patient.id, &edit, &Preconditions::NONE, world.app.now()).await
}

/// Removes a proxy who does not exist: one transaction, which is cancelled.
async fn fail(store: &Store, patient: &Patient, user: UserId) {
    let refused = steps::remove_proxy(store, patient.id, user).await;
    assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
}

#[test]
fn simultaneous_requests_use_different_chains_and_do_not_wait() {
    run(async |world: World| {
        let clinic = Clinic::new(&world).await;
        let (proxy, app) = Proxy::before(&world).await;
        app.verifier().read_keys(app.store(), app.now()).await.unwrap();
        let witnesses = Witnesses::default();
        // If a row waited for another one, not all of them would arrive, and a request would fail.
        let all = Arc::new(Barrier::new(REQUESTS));
        proxy.set(move |call| match call.is_row() {
            true => Step::Together(all.clone()),
            false => Step::Pass,
        });
        let reads = (0..REQUESTS).map(|_| clinic.ask(&world, &app, Kind::Read, &witnesses));
        let answers = together(reads).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        assert_eq!(numbers(&world).await, [[0]; REQUESTS]);

        proxy.heal();
        for _ in 0..REQUESTS {
            clinic.ask(&world, &app, Kind::Read, &witnesses).await.expect(200);
        }
        let chains = numbers(&world).await.len();
        assert_eq!(chains, REQUESTS, "a request that comes alone takes an idle chain");
        verify(&world, &witnesses, "simultaneous requests").await;
    });
}

#[test]
fn simultaneous_changes_use_different_chains() {
    run(async |world: World| {
        let witnesses = Witnesses::default();
        let mut patients = Vec::new();
        for n in 1..=4 {
            patients.push(world.patient(n).await);
        }
        let (store, witness) = world.app.store_of("a-test");
        for address in ["1 Elm Street", "2 Elm Street"] {
            together(patients.iter().map(|patient| change(&world, &store, patient, address))).await;
            witnesses.add(witness.take());
        }
        let chains = numbers(&world).await;
        assert_eq!(chains.iter().map(Vec::len).sum::<usize>(), 8);
        assert!(chains.len() <= patients.len(), "{chains:?}");
        verify(&world, &witnesses, "simultaneous changes").await;
    });
}

#[test]
fn requests_in_a_row_use_one_chain() {
    run(async |world: World| {
        let clinic = Clinic::new(&world).await;
        let witnesses = Witnesses::default();
        for kind in [Kind::Read, Kind::List, Kind::Panel, Kind::Create, Kind::Assign, Kind::End] {
            let answer = clinic.ask(&world, &world.app, kind, &witnesses).await;
            assert!(answer.status < 300, "{kind:?}: {}", answer.body);
        }
        assert_eq!(numbers(&world).await, [[0, 1, 2, 3, 4, 5]]);
        verify(&world, &witnesses, "requests in a row").await;
    });
}

#[test]
fn cancelled_transaction_gives_its_number_back() {
    run(async |world: World| {
        let (witnesses, patient) = (Witnesses::default(), world.patient(1).await);
        let nobody: UserId = "999".parse().unwrap();
        let (store, witness) = world.app.store_of("a-test");
        // Nothing is left of a chain whose first row is cancelled.
        fail(&store, &patient, nobody).await;
        assert!(numbers(&world).await.is_empty());
        change(&world, &store, &patient, "1 Elm Street").await;
        fail(&store, &patient, nobody).await;
        fail(&store, &patient, nobody).await;
        change(&world, &store, &patient, "2 Elm Street").await;
        witnesses.add(witness.take());
        assert_eq!(numbers(&world).await, [[0, 1]]);
        verify(&world, &witnesses, "a cancelled transaction").await;
    });
}

/// The reason is another one than a condition of the change.
#[test]
fn transaction_that_is_cancelled_and_not_refused_gives_its_number_back() {
    run(async |world: World| {
        let (witnesses, patient) = (Witnesses::default(), world.patient(1).await);
        let (proxy, app) = Proxy::before(&world).await;
        let (store, witness) = app.store_of("a-test");
        change(&world, &store, &patient, "1 Elm Street").await;
        for (reason, before, after) in [
            ("TransactionConflict", "2 Elm Street", "3 Elm Street"),
            ("ThrottlingError", "4 Elm Street", "5 Elm Street"),
            ("ValidationError", "6 Elm Street", "7 Elm Street"),
        ] {
            // The first attempt gets no answer. All others are cancelled.
            let is_first = AtomicBool::new(true);
            proxy.set(move |call| match call.is_change() {
                true if is_first.swap(false, Ordering::Relaxed) => Step::Refuse,
                true => cancelled(reason),
                false => Step::Pass,
            });
            let failed = try_change(&world, &store, &patient, before).await;
            assert!(failed.is_err(), "{reason}");
            proxy.heal();
            change(&world, &store, &patient, after).await;
        }
        witnesses.add(witness.take());
        assert_eq!(numbers(&world).await, [[0, 1, 2, 3]]);
        assert!(world.audit_rows().await.iter().all(|row| row.closes.is_empty()));
        verify(&world, &witnesses, "cancelled transactions").await;
    });
}

#[test]
fn two_functions_use_different_chains() {
    run(async |world: World| {
        let clinic = Clinic::new(&world).await;
        let apps = [world.another_app(), world.another_app()];
        let witnesses = Witnesses::default();
        for kind in [Kind::Read, Kind::List, Kind::Panel] {
            let asked = apps.iter().map(|app| clinic.ask(&world, app, kind, &witnesses));
            let answers = together(asked).await;
            assert!(answers.iter().all(|answer| answer.status == 200));
        }
        assert_eq!(numbers(&world).await, [[0, 1, 2]; 2]);
        verify(&world, &witnesses, "two functions").await;
    });
}

#[test]
fn two_functions_that_make_the_same_change_write_one_row() {
    run(async |world: World| {
        let clinic = Clinic::new(&world).await;
        let apps = [world.another_app(), world.another_app()];
        let witnesses = Witnesses::default();
        let asked = apps.iter().map(|app| clinic.ask(&world, app, Kind::End, &witnesses));
        let mut statuses: Vec<u16> =
            together(asked).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404]);
        let rows = world.audit_rows().await;
        let mut outcomes: Vec<&str> = rows.iter().map(|row| &*row.facts.outcome).collect();
        outcomes.sort_unstable();
        assert_eq!(outcomes, ["done", "not_found"]);
        verify(&world, &witnesses, "the same change").await;
    });
}

#[test]
fn chain_gets_no_row_after_an_hour() {
    run(async |world: World| {
        let (witnesses, patient) = (Witnesses::default(), world.patient(1).await);
        let (store, witness) = world.app.store_of("a-test");
        // Rows after 0, 59 and 60 minutes.
        for (address, pause) in [("1 Elm Street", 59), ("2 Elm Street", 1), ("3 Elm Street", 0)] {
            change(&world, &store, &patient, address).await;
            witnesses.add(witness.take());
            world.advance(MINUTE * pause);
        }
        assert_eq!(numbers(&world).await, [vec![0], vec![0, 1]]);
        verify(&world, &witnesses, "two hours").await;
    });
}
