//! The chains of one process, and of several.

use std::sync::Arc;
use std::time::Duration;

use shared::audit::Row;
use shared::model::id::UserId;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::store::{Store, StoreError};
use shared::testing::{Witnesses, World, json, run, steps, together};
use tokio::sync::Barrier;

use super::clinic::{Clinic, Kind};
use super::proxy::{Proxy, Step};
use super::{rows_by_chain, verify};

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

/// Returns the numbers of a chain's rows.
fn numbers(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.place.seq).collect()
}

#[test]
fn simultaneous_requests_use_different_chains_and_do_not_wait() {
    run(async |world: World| {
        let clinic = Clinic::new(&world).await;
        let proxy = Proxy::before(&world.endpoint()).await;
        let app = world.app_at(proxy.endpoint.clone());
        app.verifier().read_keys(app.store(), app.now()).await.unwrap();
        let witnesses = Witnesses::default();
        // If one row waited for another, they would not be there together, and a request would fail.
        let all = Arc::new(Barrier::new(REQUESTS));
        proxy.set(move |call| match call.is_row() {
            true => Step::Together(all.clone()),
            false => Step::Pass,
        });
        let reads = (0..REQUESTS).map(|_| clinic.ask(&world, &app, Kind::Read, &witnesses));
        let answers = together(reads).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        let written = rows_by_chain(&world).await;
        assert_eq!(written.len(), REQUESTS);
        assert!(written.values().all(|rows| numbers(rows) == [0]), "{written:?}");

        proxy.heal();
        for _ in 0..REQUESTS {
            clinic.ask(&world, &app, Kind::Read, &witnesses).await.expect(200);
        }
        let written = rows_by_chain(&world).await;
        assert_eq!(written.len(), REQUESTS, "a request that comes alone takes an idle chain");
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
        let written = rows_by_chain(&world).await;
        assert_eq!(written.values().map(Vec::len).sum::<usize>(), 8);
        assert!(written.len() <= patients.len(), "{written:?}");
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
        let written = rows_by_chain(&world).await;
        assert_eq!(written.len(), 1);
        assert!(written.values().all(|rows| numbers(rows) == [0, 1, 2, 3, 4, 5]), "{written:?}");
        verify(&world, &witnesses, "requests in a row").await;
    });
}

#[test]
fn cancelled_transaction_gives_its_number_back() {
    run(async |world: World| {
        let (witnesses, patient) = (Witnesses::default(), world.patient(1).await);
        let nobody: UserId = "999".parse().unwrap();
        let (store, witness) = world.app.store_of("a-test");
        // A chain that begins with it leaves no trace.
        fail(&store, &patient, nobody).await;
        assert!(rows_by_chain(&world).await.is_empty());
        change(&world, &store, &patient, "1 Elm Street").await;
        fail(&store, &patient, nobody).await;
        fail(&store, &patient, nobody).await;
        change(&world, &store, &patient, "2 Elm Street").await;
        witnesses.add(witness.take());
        let written = rows_by_chain(&world).await;
        assert_eq!(written.len(), 1);
        assert!(written.values().all(|rows| numbers(rows) == [0, 1]), "{written:?}");
        verify(&world, &witnesses, "a cancelled transaction").await;
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
        let written = rows_by_chain(&world).await;
        assert_eq!(written.len(), 2);
        assert!(written.values().all(|rows| numbers(rows) == [0, 1, 2]), "{written:?}");
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
        let written = rows_by_chain(&world).await;
        let mut lengths: Vec<usize> = written.values().map(Vec::len).collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [1, 2]);
        verify(&world, &witnesses, "two hours").await;
    });
}
