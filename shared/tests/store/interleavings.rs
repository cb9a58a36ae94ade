//! Two changes in the one order that would do harm: a proxy before DynamoDB holds the first transaction
//! that comes until the test lets it go.

use std::sync::Arc;

use shared::model::doctor::DoctorDetails;
use shared::model::id::Id;
use shared::model::patient::PatientDetails;
use shared::model::record::{Details, Edit};
use shared::model::version::IfMatch;
use shared::table::{Assign, Deleted, Table, Updated};
use shared::testing::wire::{Message, table_at};
use shared::testing::{World, json, run, steps};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::mapping_rows;

/// The same tables as the world's, through a proxy that holds transactions.
struct Held {
    table: Table,
    /// A transaction has come.
    came: Arc<Notify>,
    /// It may go on.
    go: Arc<Notify>,
}

async fn held(world: &World) -> Held {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let table = table_at(format!("http://{}", listener.local_addr().unwrap()));
    let (came, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, wait) = (came.clone(), go.clone());
    let dynamodb = world.endpoint().trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut client = BufReader::new(stream);
            let request = Message::read(&mut client).await.unwrap();
            if request.operation() == Some("TransactWriteItems") {
                told.notify_one();
                wait.notified().await;
            }
            let answer = request.ask(&dynamodb).await.unwrap();
            client.write_all(&answer.into_last()).await.unwrap();
        }
    });
    Held { table, came, go }
}

/// Assigns; when the assignment has seen both sides alive and is about to be written, `change` happens.
async fn assign_around(world: &World, change: impl AsyncFnOnce()) -> Assign {
    let Held { table, came, go } = held(world).await;
    let (doctor, patient) = (world.doctor(1).await.id, world.patient(1).await.id);
    let now = world.app.now();
    let assigning = tokio::spawn(async move {
        steps::assign(&table, doctor, patient, Id::new(1).unwrap(), now).await.unwrap()
    });
    came.notified().await;
    change().await;
    go.notify_one();
    assigning.await.unwrap()
}

/// Deletes the doctor or the patient in the middle of their assignment.
fn delete_in_the_middle<D: Details>(is_refusal: impl Fn(&Assign) -> bool) {
    run(async |world: World| {
        let outcome = assign_around(&world, async || {
            let (id, now) = (D::Id::new(1).unwrap(), world.app.now());
            let gone =
                steps::delete::<D>(world.app.table(), id, &IfMatch::Any, now, || false).await;
            assert_eq!(gone.unwrap(), Deleted::Done);
        });
        assert!(is_refusal(&outcome.await));
        assert!(mapping_rows(&world).await.is_empty());
    });
}

#[test]
fn a_patient_deleted_in_the_middle_of_an_assignment_gets_no_mapping() {
    delete_in_the_middle::<PatientDetails>(|outcome| {
        matches!(outcome, Assign::Unknown { doctor: false, patient: true })
    });
}

#[test]
fn a_doctor_deleted_in_the_middle_of_an_assignment_gets_no_mapping() {
    delete_in_the_middle::<DoctorDetails>(|outcome| {
        matches!(outcome, Assign::Unknown { doctor: true, patient: false })
    });
}

#[test]
fn an_assignment_made_in_the_middle_of_the_same_one_is_answered_as_it_was_made() {
    run(async |world: World| {
        let outcome = assign_around(&world, async || {
            let (doctor, patient) = (Id::new(1).unwrap(), Id::new(1).unwrap());
            let (by, now) = (Id::new(7).unwrap(), world.app.now());
            let first = steps::assign(world.app.table(), doctor, patient, by, now).await.unwrap();
            assert!(matches!(first, Assign::New(_)));
        });
        let Assign::Already(mapping) = outcome.await else { panic!("it was made twice") };
        assert_eq!(mapping.assigned_by.get(), 7);
        assert_eq!(mapping_rows(&world).await.len(), 2);
    });
}

/// The version that the deletion has read is not the one that it would bury.
#[test]
fn a_patient_changed_in_the_middle_of_their_deletion_is_gone_nevertheless() {
    run(async |world: World| {
        let Held { table, came, go } = held(&world).await;
        let (id, now) = (world.patient(1).await.id, world.app.now());
        let deleting = tokio::spawn(async move {
            steps::delete::<PatientDetails>(&table, id, &IfMatch::Any, now, || false).await.unwrap()
        });
        came.notified().await;
        let move_house = json!({"address": "7 Oak Street, Springfield"});
        let edit: Edit<PatientDetails> = Edit::Merge(move_house.as_object().unwrap().clone());
        let changed =
            steps::update(world.app.table(), id, &edit, &IfMatch::Any, now).await.unwrap();
        assert!(matches!(changed, Updated::Done(_)));
        let others = tokio::spawn(async move {
            loop {
                go.notify_one();
                came.notified().await;
            }
        });
        assert_eq!(deleting.await.unwrap(), Deleted::Done);
        others.abort();
        assert!(steps::record::<PatientDetails>(world.app.table(), id).await.unwrap().is_none());
    });
}
