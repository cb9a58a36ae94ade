//! Deletion of a doctor or a patient: a tombstone remains, all assignments end, and their past is kept.

use std::collections::BTreeSet;

use shared::model::doctor::DoctorDetails;
use shared::model::id::Id;
use shared::model::page::Paging;
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::model::search::Criteria;
use shared::store::{RecordActs, StoreError};
use shared::testing::{World, json, run, steps, together};

use crate::rows;

/// Returns the keys of the rows of all open assignments: two for each.
async fn open(world: &World) -> BTreeSet<(String, String)> {
    rows(world, |pk, sk| {
        (pk.starts_with("PATIENT#") && sk.starts_with("DOCTOR#"))
            || (pk.starts_with("DOCTOR#") && sk.starts_with("NAME#"))
    })
    .await
}

/// Returns the keys of the rows of all past episodes: two for each.
async fn past(world: &World) -> BTreeSet<(String, String)> {
    rows(world, |_, sk| sk.starts_with("PAST#")).await
}

async fn delete<D: RecordActs>(world: &World, id: D::Id, late: bool) -> Result<(), StoreError> {
    let (store, now) = (world.app.store(), world.app.now());
    steps::delete::<D>(store, id, &Preconditions::NONE, now, move || late).await
}

fn is_unfinished(outcome: Result<(), StoreError>) -> bool {
    matches!(outcome, Err(StoreError::DeletionUnfinished))
}

#[test]
fn deletion_of_a_doctor_ends_every_assignment() {
    run(async |world: World| {
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        for n in 1..=50 {
            world.assign(&doctor, &world.patient(n).await).await;
        }
        let shared = world.patient(51).await;
        world.assign(&doctor, &shared).await;
        world.assign(&other, &shared).await;

        delete::<DoctorDetails>(&world, doctor.id, false).await.unwrap();
        assert_eq!(open(&world).await.len(), 2, "the other doctor's only");
        assert_eq!(past(&world).await.len(), 2 * 51);
        let past = world.rows("DOCTOR#0000000000000001").await;
        let ends = past.iter().filter_map(|row| row.get("ends_at"));
        let now = world.app.now().to_string();
        assert!(ends.clone().all(|end| *end.as_s().unwrap() == now));
        assert_eq!(ends.count(), 51);
    });
}

#[test]
fn interrupted_deletion_of_a_doctor_can_be_finished() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        for n in 1..=20 {
            world.assign(&doctor, &world.patient(n).await).await;
        }
        // Out of time after eight patients, and again.
        for left in [12, 4] {
            assert!(is_unfinished(delete::<DoctorDetails>(&world, doctor.id, true).await));
            assert_eq!(open(&world).await.len(), 2 * left);
            let found = steps::record::<DoctorDetails>(world.app.store(), doctor.id).await;
            assert!(found.unwrap().is_none());
        }
        delete::<DoctorDetails>(&world, doctor.id, false).await.unwrap();
        assert_eq!((open(&world).await.len(), past(&world).await.len()), (0, 2 * 20));
        let again = delete::<DoctorDetails>(&world, doctor.id, false).await;
        assert!(matches!(again, Err(StoreError::NotFound(_))));
    });
}

#[test]
fn interrupted_deletion_hides_the_patient_and_can_be_finished() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        for n in 1..=20 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let doctor = world.doctor(21).await;
        // Out of time after the first step of 15.
        assert!(is_unfinished(delete::<PatientDetails>(&world, patient.id, true).await));
        assert_eq!(open(&world).await.len(), 2 * 5);

        // No reader finds the patient any more, and nothing can be assigned to it.
        let (store, now) = (world.app.store(), world.app.now());
        assert!(steps::record::<PatientDetails>(store, patient.id).await.unwrap().is_none());
        let page = Paging { limit: 50, after: None };
        let page = steps::list::<PatientDetails>(store, Criteria::default(), page).await.unwrap();
        assert!(page.results.is_empty());
        let page = Paging { limit: 50, after: None };
        assert!(steps::doctors_of(store, patient.id, page).await.unwrap().is_none());
        let page = Paging { limit: 100, after: None };
        assert!(steps::assignments(store, page).await.unwrap().results.is_empty());
        let assigned = steps::assign(store, doctor.id, patient.id, Id::new(1).unwrap(), now).await;
        assert!(matches!(assigned, Err(StoreError::NotFound(text)) if text == "patient 1"));

        assert!(is_unfinished(delete::<PatientDetails>(&world, patient.id, true).await));
        delete::<PatientDetails>(&world, patient.id, false).await.unwrap();
        assert_eq!((open(&world).await.len(), past(&world).await.len()), (0, 2 * 20));
        let again = delete::<PatientDetails>(&world, patient.id, false).await;
        assert!(matches!(again, Err(StoreError::NotFound(_))));
    });
}

#[test]
fn doctor_is_deleted_while_the_patients_get_other_names() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let mut patients = Vec::new();
        for n in 1..=16 {
            let patient = world.patient(n).await;
            world.assign(&doctor, &patient).await;
            patients.push(patient.id);
        }
        let change = json!({"last_name": "Doe"}).as_object().unwrap().clone();
        let edit: Edit<PatientDetails> = Edit::Merge(change);
        let (store, any, now) = (world.app.store(), Preconditions::NONE, world.app.now());
        let renames = patients.iter().map(|id| steps::update(store, *id, &edit, &any, now));
        let deleting = delete::<DoctorDetails>(&world, doctor.id, false);
        let (deleted, renamed) = tokio::join!(deleting, together(renames));
        deleted.unwrap();
        assert!(renamed.into_iter().all(|patient| patient.unwrap().version == 2));
        assert_eq!((open(&world).await.len(), past(&world).await.len()), (0, 2 * 16));
    });
}

#[test]
fn doctor_and_patient_are_deleted_at_the_same_time() {
    run(async |world: World| {
        for n in 1..=10 {
            let (doctor, patient) = (world.doctor(n).await, world.patient(n).await);
            world.assign(&doctor, &patient).await;
            let (of_doctor, of_patient) = tokio::join!(
                delete::<DoctorDetails>(&world, doctor.id, false),
                delete::<PatientDetails>(&world, patient.id, false)
            );
            of_doctor.unwrap();
            of_patient.unwrap();
        }
        assert_eq!((open(&world).await.len(), past(&world).await.len()), (0, 2 * 10));
    });
}

#[test]
fn unique_values_are_freed_and_only_a_tombstone_remains() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        delete::<DoctorDetails>(&world, doctor.id, false).await.unwrap();
        assert!(rows(&world, |pk, _| pk.starts_with("UNIQUE#")).await.is_empty());
        let again = world.doctor(1).await;
        assert_ne!(again.id, doctor.id, "ids are not reused");
        let key = [("pk", "DOCTOR#0000000000000001"), ("sk", "#")];
        let mut get = world.dynamodb.get_item().table_name(repo::template::TABLE_NAME);
        for (name, value) in key {
            get = get.key(name, crate::text(value));
        }
        let tombstone = get.send().await.unwrap().item.unwrap();
        let mut names: Vec<_> = tombstone.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["deleted_at", "pk", "sk", "swept"], "no data of the doctor remains");
    });
}

#[test]
fn no_name_of_a_deleted_patient_remains() {
    run(async |world: World| {
        for n in 1..=2 {
            let patient = world.patient(n).await;
            if n == 2 {
                world.assign(&world.doctor(1).await, &patient).await;
            }
            delete::<PatientDetails>(&world, patient.id, false).await.unwrap();
        }
        let all = format!("{:?}", world.rows("").await).to_lowercase();
        for data in ["roe", "1985-04-12", "elm street", "asthma"] {
            assert!(!all.contains(data), "{data}: {all}");
        }
    });
}
