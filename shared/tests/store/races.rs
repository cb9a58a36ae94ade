//! Concurrent changes: each happens as a whole or not at all.

use shared::model::doctor::DoctorDetails;
use shared::model::id::Id;
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::store::StoreError;
use shared::testing::{World, json, run, steps};
use tokio::task::JoinSet;

use crate::{assignment_rows, rows};

#[test]
fn concurrent_assignment_and_deletion_leave_no_open_assignment() {
    run(async |world: World| {
        let (now, mut past_rows) = (world.app.now(), 0);
        for round in 0..20 {
            let (doctor, patient) = (world.doctor(round).await, world.patient(round).await);
            let mut tasks = JoinSet::new();
            for n in 0..8 {
                let store = world.app.store().clone();
                let (doctor, patient) = (doctor.id, patient.id);
                tasks.spawn(async move {
                    if n == 3 {
                        let any = Preconditions::NONE;
                        let deleted = if round % 2 == 0 {
                            steps::delete::<PatientDetails>(&store, patient, &any, now, || false)
                                .await
                        } else {
                            steps::delete::<DoctorDetails>(&store, doctor, &any, now, || false)
                                .await
                        };
                        deleted.unwrap();
                        return false;
                    }
                    let by = Id::new(1).unwrap();
                    match steps::assign(&store, doctor, patient, by, now).await {
                        Ok(assigned) => assigned.is_new,
                        Err(StoreError::NotFound(_)) => false,
                        Err(error) => panic!("{error:?}"),
                    }
                });
            }
            let made = tasks.join_all().await.into_iter().filter(|made| *made).count();
            assert!(made <= 1, "{made} assignments were new");
            let past = rows(&world, |_, sk| sk.starts_with("PAST#")).await;
            past_rows += 2 * made;
            assert_eq!(past.len(), past_rows, "an assignment that was made is kept in the past");
        }
        assert_eq!(assignment_rows(&world).await.len(), 0);
    });
}

#[test]
fn no_update_is_lost() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let now = world.app.now();
        let mut tasks = JoinSet::new();
        for years in 0..8 {
            let (store, id) = (world.app.store().clone(), doctor.id);
            tasks.spawn(async move {
                let patch = json!({"years_of_experience": years}).as_object().unwrap().clone();
                let edit: Edit<DoctorDetails> = Edit::Merge(patch);
                steps::update(&store, id, &edit, &Preconditions::NONE, now).await.unwrap().version
            });
        }
        let mut versions = tasks.join_all().await;
        versions.sort_unstable();
        assert_eq!(versions, (2..=9).collect::<Vec<_>>());
    });
}
