//! Deleting a doctor or a patient: a tombstone, and no row left behind.

use shared::model::doctor::DoctorDetails;
use shared::model::page::Paging;
use shared::model::patient::PatientDetails;
use shared::model::version::IfMatch;
use shared::table::{Assign, Deleted};
use shared::testing::{World, run, steps};

use crate::{mapping_rows, rows};

const FIRST_PAGE: Paging<String> = Paging { limit: 50, after: None };

#[test]
fn a_deletion_takes_both_rows_of_every_mapping() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let other = world.doctor(2).await;
        for n in 0..120 {
            let patient = world.patient(n).await;
            world.assign(&doctor, &patient).await;
        }
        let kept = world.patient(120).await;
        world.assign(&other, &kept).await;

        let (table, now) = (world.app.table(), world.app.now());
        let outcome =
            steps::delete::<DoctorDetails>(table, doctor.id, &IfMatch::Any, now, || false).await;
        assert_eq!(outcome.unwrap(), Deleted::Done);
        assert_eq!(mapping_rows(&world).await.len(), 2, "the other doctor's alone");
    });
}

#[test]
fn an_interrupted_deletion_is_seen_as_done_and_can_be_finished() {
    run(async |world: World| {
        let patient = world.patient(1).await;
        for n in 0..120 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let doctor = world.doctor(120).await;
        let (table, now) = (world.app.table(), world.app.now());
        let delete = |late: bool| {
            steps::delete::<PatientDetails>(table, patient.id, &IfMatch::Any, now, move || late)
        };
        // Out of time after the first step of 50.
        assert_eq!(delete(true).await.unwrap(), Deleted::Unfinished);
        assert_eq!(mapping_rows(&world).await.len(), 2 * 70);

        // For every reader the patient is gone, and nothing can be assigned any more.
        assert!(steps::record::<PatientDetails>(table, patient.id).await.unwrap().is_none());
        assert!(table.list::<PatientDetails>("", FIRST_PAGE).await.unwrap().results.is_empty());
        let page = Paging { limit: 50, after: None };
        assert!(steps::doctors_of(table, patient.id, page).await.unwrap().is_none());
        let page = Paging { limit: 100, after: None };
        assert!(steps::mappings(table, page).await.unwrap().results.is_empty());
        let by = shared::model::id::Id::new(1).unwrap();
        let assigned = steps::assign(table, doctor.id, patient.id, by, now).await.unwrap();
        assert!(matches!(assigned, Assign::Unknown { doctor: false, patient: true }));

        assert_eq!(delete(true).await.unwrap(), Deleted::Unfinished);
        assert_eq!(delete(false).await.unwrap(), Deleted::Done);
        assert_eq!(mapping_rows(&world).await.len(), 0);
        assert_eq!(delete(false).await.unwrap(), Deleted::NotFound);
    });
}

#[test]
fn unique_values_are_freed_and_nothing_but_a_tombstone_stays() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let (table, now) = (world.app.table(), world.app.now());
        steps::delete::<DoctorDetails>(table, doctor.id, &IfMatch::Any, now, || false)
            .await
            .unwrap();
        assert!(rows(&world, |pk, _| pk.starts_with("UNIQUE#")).await.is_empty());
        let again = world.doctor(1).await;
        assert_ne!(again.id, doctor.id, "ids are not used twice");
        let key = [("pk", "DOCTOR#0000000000000001"), ("sk", "#")];
        let mut get = world.dynamodb.get_item().table_name(repo::template::TABLE_NAME);
        for (name, value) in key {
            get = get.key(name, crate::text(value));
        }
        let tombstone = get.send().await.unwrap().item.unwrap();
        let mut names: Vec<_> = tombstone.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["deleted_at", "pk", "sk", "swept"], "nothing about the doctor is kept");
    });
}
