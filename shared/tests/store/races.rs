//! Two at once: one winner, and never half a change.

use std::sync::Arc;

use shared::model::doctor::DoctorDetails;
use shared::model::id::Id;
use shared::model::patient::PatientDetails;
use shared::model::record::Edit;
use shared::model::version::IfMatch;
use shared::table::{Assign, Deleted, Updated};
use shared::testing::{World, json, run, steps};
use tokio::task::JoinSet;

use crate::mapping_rows;

#[test]
fn an_assignment_and_a_deletion_at_the_same_moment_leave_no_row() {
    run(async |world: World| {
        let app = Arc::new(world.app.clone());
        for round in 0..20 {
            let (doctor, patient) = (world.doctor(round).await, world.patient(round).await);
            let mut tasks = JoinSet::new();
            for n in 0..8 {
                let app = app.clone();
                tasks.spawn(async move {
                    let (table, now) = (app.table(), app.now());
                    if n == 3 {
                        let any = IfMatch::Any;
                        let gone = if round % 2 == 0 {
                            steps::delete::<PatientDetails>(table, patient.id, &any, now, || false)
                                .await
                        } else {
                            steps::delete::<DoctorDetails>(table, doctor.id, &any, now, || false)
                                .await
                        };
                        assert_eq!(gone.unwrap(), Deleted::Done);
                        return false;
                    }
                    let by = Id::new(1).unwrap();
                    let assigned = steps::assign(table, doctor.id, patient.id, by, now).await;
                    matches!(assigned.unwrap(), Assign::New(_))
                });
            }
            let made = tasks.join_all().await.into_iter().filter(|made| *made).count();
            assert!(made <= 1, "{made} assignments were new");
        }
        assert_eq!(mapping_rows(&world).await.len(), 0);
    });
}

#[test]
fn no_update_is_lost() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let app = Arc::new(world.app.clone());
        let mut tasks = JoinSet::new();
        for years in 0..8 {
            let app = app.clone();
            tasks.spawn(async move {
                let patch = json!({"years_of_experience": years}).as_object().unwrap().clone();
                let edit: Edit<DoctorDetails> = Edit::Merge(patch);
                steps::update(app.table(), doctor.id, &edit, &IfMatch::Any, app.now())
                    .await
                    .unwrap()
            });
        }
        let mut versions: Vec<u64> = tasks
            .join_all()
            .await
            .into_iter()
            .map(|outcome| match outcome {
                Updated::Done(doctor) => doctor.version,
                other => panic!("{other:?}"),
            })
            .collect();
        versions.sort_unstable();
        assert_eq!(versions, (2..=9).collect::<Vec<_>>());
    });
}
