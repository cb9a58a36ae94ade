//! Two changes in the one order that could do harm: a proxy in front of DynamoDB holds the first transaction until the
//! test releases it. After a lost race, the steps load again.

use std::sync::Arc;

use shared::model::doctor::DoctorDetails;
use shared::model::id::Id;
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::store::{Assigned, RecordActs, Store, StoreError};
use shared::testing::wire::{Message, store_at};
use shared::testing::{World, json, run, steps};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::assignment_rows;

/// A store of the world's tables, through a proxy that holds each transaction until it is released.
pub struct Held {
    pub store: Store,
    /// A transaction has arrived.
    pub arrived: Arc<Notify>,
    /// The transaction may continue.
    pub released: Arc<Notify>,
}

pub async fn held(world: &World) -> Held {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(format!("http://{}", listener.local_addr().unwrap()));
    let held = Held { store, arrived: Arc::default(), released: Arc::default() };
    let (arrived, released) = (held.arrived.clone(), held.released.clone());
    let dynamodb = world.endpoint().trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut client = BufReader::new(stream);
            let request = Message::read(&mut client).await.unwrap();
            if request.operation() == Some("TransactWriteItems") {
                arrived.notify_one();
                released.notified().await;
            }
            let answer = request.ask(&dynamodb).await.unwrap();
            client.write_all(&answer.into_last()).await.unwrap();
        }
    });
    held
}

/// Assigns doctor 1 to patient 1. The assignment has read both, and is about to be written, when `change` runs.
async fn assign_around(world: &World, change: impl AsyncFnOnce()) -> Result<Assigned, StoreError> {
    let Held { store, arrived, released } = held(world).await;
    let (doctor, patient) = (world.doctor(1).await.id, world.patient(1).await.id);
    let now = world.app.now();
    let assigning = tokio::spawn(async move {
        steps::assign(&store, doctor, patient, Id::new(1).unwrap(), now).await
    });
    arrived.notified().await;
    change().await;
    released.notify_one();
    assigning.await.unwrap()
}

/// Deletes doctor 1 or patient 1 during their assignment, which then does not find the deleted one.
fn delete_during_assignment<D: RecordActs>(missing: &str) {
    run(async |world: World| {
        let outcome = assign_around(&world, async || {
            let (id, now) = (D::Id::new(1).unwrap(), world.app.now());
            steps::delete::<D>(world.app.store(), id, &Preconditions::NONE, now, || false)
                .await
                .unwrap();
        });
        assert!(matches!(outcome.await, Err(StoreError::NotFound(text)) if text == missing));
        assert!(assignment_rows(&world).await.is_empty());
    });
}

#[test]
fn patient_deleted_during_an_assignment_is_not_assigned() {
    delete_during_assignment::<PatientDetails>("patient 1");
}

#[test]
fn doctor_deleted_during_an_assignment_is_not_assigned() {
    delete_during_assignment::<DoctorDetails>("doctor 1");
}

#[test]
fn assignment_that_loses_to_the_same_one_returns_the_first_one() {
    run(async |world: World| {
        let outcome = assign_around(&world, async || {
            let (doctor, patient) = (Id::new(1).unwrap(), Id::new(1).unwrap());
            let (by, now) = (Id::new(7).unwrap(), world.app.now());
            let first = steps::assign(world.app.store(), doctor, patient, by, now).await.unwrap();
            assert!(first.is_new);
        });
        let Assigned { assignment, is_new } = outcome.await.unwrap();
        assert!(!is_new);
        assert_eq!(assignment.terms.assigned_by.get(), 7);
        assert_eq!(assignment_rows(&world).await.len(), 2);
    });
}

/// The assignment has read the old name, and would put the patient into the panel by it.
#[test]
fn patient_renamed_during_the_first_assignment_is_in_the_panel_by_the_new_name() {
    run(async |world: World| {
        let Held { store, arrived, released } = held(&world).await;
        let (doctor, patient) = (world.doctor(1).await.id, world.patient(1).await.id);
        let now = world.app.now();
        let assigning = tokio::spawn(async move {
            steps::assign(&store, doctor, patient, Id::new(1).unwrap(), now).await
        });
        arrived.notified().await;
        let new_name = json!({"last_name": "Doe"});
        let edit: Edit<PatientDetails> = Edit::Merge(new_name.as_object().unwrap().clone());
        let any = Preconditions::NONE;
        steps::update(world.app.store(), patient, &edit, &any, now).await.unwrap();
        let releasing = tokio::spawn(async move {
            loop {
                released.notify_one();
                arrived.notified().await;
            }
        });
        let assigned = assigning.await.unwrap().unwrap();
        releasing.abort();
        assert_eq!(assigned.assignment.patient_name, "Jane Doe");
        let rows = assignment_rows(&world).await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().any(|(_, sk)| sk.starts_with("NAME#") && sk.contains("doe\u{1f}jane")));
    });
}

/// The deletion has read an older version than the one that it would replace by a tombstone.
#[test]
fn patient_changed_during_its_deletion_is_deleted() {
    run(async |world: World| {
        let Held { store, arrived, released } = held(&world).await;
        let (id, now) = (world.patient(1).await.id, world.app.now());
        let deleting = tokio::spawn(async move {
            steps::delete::<PatientDetails>(&store, id, &Preconditions::NONE, now, || false).await
        });
        arrived.notified().await;
        let new_address = json!({"address": "7 Oak Street, Springfield"});
        let edit: Edit<PatientDetails> = Edit::Merge(new_address.as_object().unwrap().clone());
        steps::update(world.app.store(), id, &edit, &Preconditions::NONE, now).await.unwrap();
        let releasing = tokio::spawn(async move {
            loop {
                released.notify_one();
                arrived.notified().await;
            }
        });
        deleting.await.unwrap().unwrap();
        releasing.abort();
        assert!(steps::record::<PatientDetails>(world.app.store(), id).await.unwrap().is_none());
    });
}
