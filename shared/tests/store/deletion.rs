//! Deletion of a doctor or a patient: a tombstone remains, and no assignment.

use shared::model::doctor::DoctorDetails;
use shared::model::page::Paging;
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::search::Criteria;
use shared::store::{Position, StoreError};
use shared::testing::{World, run, steps};

use crate::{assignment_rows, rows};

const FIRST_PAGE: Paging<Position> = Paging { limit: 50, after: None };

#[test]
fn deletion_removes_both_rows_of_every_assignment() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let other = world.doctor(2).await;
        for n in 0..120 {
            let patient = world.patient(n).await;
            world.assign(&doctor, &patient).await;
        }
        let kept = world.patient(120).await;
        world.assign(&other, &kept).await;

        let (store, now) = (world.app.store(), world.app.now());
        steps::delete::<DoctorDetails>(store, doctor.id, &Preconditions::NONE, now, || false)
            .await
            .unwrap();
        assert_eq!(assignment_rows(&world).await.len(), 2, "the other doctor's only");
    });
}

#[test]
fn interrupted_deletion_hides_the_patient_and_can_be_finished() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        for n in 0..120 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let doctor = world.doctor(120).await;
        let (store, now) = (world.app.store(), world.app.now());
        let delete = |late: bool| {
            steps::delete::<PatientDetails>(
                store,
                patient.id,
                &Preconditions::NONE,
                now,
                move || late,
            )
        };
        let is_unfinished = |outcome| matches!(outcome, Err(StoreError::DeletionUnfinished));
        // Out of time after the first step of 50.
        assert!(is_unfinished(delete(true).await));
        assert_eq!(assignment_rows(&world).await.len(), 2 * 70);

        // No reader finds the patient any more, and nothing can be assigned to it.
        assert!(steps::record::<PatientDetails>(store, patient.id).await.unwrap().is_none());
        let page =
            steps::list::<PatientDetails>(store, Criteria::default(), FIRST_PAGE).await.unwrap();
        assert!(page.results.is_empty());
        let page = Paging { limit: 50, after: None };
        assert!(steps::doctors_of(store, patient.id, page).await.unwrap().is_none());
        let page = Paging { limit: 100, after: None };
        assert!(steps::assignments(store, page).await.unwrap().results.is_empty());
        let by = shared::model::id::Id::new(1).unwrap();
        let assigned = steps::assign(store, doctor.id, patient.id, by, now).await;
        assert!(matches!(assigned, Err(StoreError::NotFound(text)) if text == "patient 1"));

        assert!(is_unfinished(delete(true).await));
        delete(false).await.unwrap();
        assert_eq!(assignment_rows(&world).await.len(), 0);
        assert!(matches!(delete(false).await, Err(StoreError::NotFound(_))));
    });
}

#[test]
fn unique_values_are_freed_and_only_a_tombstone_remains() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let (store, now) = (world.app.store(), world.app.now());
        steps::delete::<DoctorDetails>(store, doctor.id, &Preconditions::NONE, now, || false)
            .await
            .unwrap();
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
