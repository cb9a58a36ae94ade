//! Work of others while a worker moves patients: other workers, and requests about the same patients and doctors.

use shared::model::doctor::{Doctor, DoctorDetails};
use shared::model::handover::{Handover, HandoverState};
use shared::model::id::Id;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::store::{Store, StoreError};
use shared::testing::{World, json, run, steps, together};
use tokio::task::JoinHandle;

use super::care_rows::Rows;
use super::handover::{LEASE, Ward, end, first, read, work};
use super::handover_requests::is_handing_over;
use super::interleavings::{Held, held};

/// A worker, held at one of its transactions.
struct Worker {
    held: Held,
    running: JoinHandle<Result<(), StoreError>>,
}

impl Worker {
    /// Starts a worker and waits until it is about to move another patient after so many.
    async fn after(world: &World, moves: usize) -> Self {
        let held = held(world).await;
        let (store, system) = (held.store.clone(), world.app.system().clone());
        let end = end(world);
        let running = tokio::spawn(async move { store.handovers().run(&system, end).await.1 });
        for _ in 0..moves {
            held.arrived.notified().await;
            held.released.notify_one();
        }
        held.arrived.notified().await;
        Self { held, running }
    }

    /// Lets the worker go on to its end.
    async fn finish(self) {
        let Self { held, running } = self;
        let releasing = tokio::spawn(async move {
            loop {
                held.released.notify_one();
                held.arrived.notified().await;
            }
        });
        running.await.unwrap().unwrap();
        releasing.abort();
    }
}

async fn rename(world: &World, patient: &Patient, name: &str) {
    let edit: Edit<PatientDetails> =
        Edit::Merge(json!({"last_name": name}).as_object().unwrap().clone());
    let (store, now) = (world.app.store(), world.app.now());
    steps::update(store, patient.id, &edit, &Preconditions::NONE, now).await.unwrap();
}

async fn delete(world: &World, doctor: &Doctor) {
    let (store, now) = (world.app.store(), world.app.now());
    let any = Preconditions::NONE;
    steps::delete::<DoctorDetails>(store, doctor.id, &any, now, || false).await.unwrap();
}

#[test]
fn two_workers_at_once_move_each_patient_once() {
    run(async |world: World| {
        let ward = Ward::new(&world, 10).await;
        let id = ward.hand_over(&world).await;
        let apps = [world.another_app(), world.another_app(), world.another_app()];
        let work_in = |store: Store| {
            let (system, end) = (world.app.system(), end(&world));
            async move { store.handovers().run(system, end).await.1 }
        };
        let ended = together(apps.iter().map(|app| work_in(app.store().clone()))).await;
        assert!(ended.iter().all(Result::is_ok), "{ended:?}");
        ward.expect_all_moved(&world, &id).await;
    });
}

#[test]
fn worker_keeps_others_away_while_its_lease_lasts() {
    run(async |world: World| {
        let ward = Ward::new(&world, 4).await;
        let id = ward.hand_over(&world).await;
        let worker = Worker::after(&world, 1).await;
        work(&world).await;
        let Handover { state, moved, left, .. } = read(&world, &id).await;
        assert_eq!((state, moved, left), (HandoverState::Running, 1, Some(3)));
        assert_eq!(ward.moved(&world).await, 1);
        worker.finish().await;
        ward.expect_all_moved(&world, &id).await;
    });
}

/// The first worker was only slow. Its next move is refused, and it ends.
#[test]
fn worker_whose_lease_is_over_moves_nobody() {
    run(async |world: World| {
        let ward = Ward::new(&world, 4).await;
        let id = ward.hand_over(&world).await;
        let slow = Worker::after(&world, 1).await;
        world.advance(LEASE);
        let other = Worker::after(&world, 1).await;
        slow.finish().await;
        assert_eq!(ward.moved(&world).await, 2);
        assert_eq!(read(&world, &id).await.state, HandoverState::Running);
        other.finish().await;
        ward.expect_all_moved(&world, &id).await;
    });
}

/// The new name is before those of all who were moved already.
#[test]
fn patient_who_is_renamed_meanwhile_is_moved() {
    run(async |world: World| {
        // The last two are on the second page of the panel.
        let ward = Ward::new(&world, 42).await;
        let id = ward.hand_over(&world).await;
        let worker = Worker::after(&world, 2).await;
        for patient in [&ward.patients[2], &ward.patients[20], &ward.patients[41]] {
            rename(&world, patient, "Aaronson").await;
        }
        worker.finish().await;
        ward.expect_all_moved(&world, &id).await;
    });
}

#[test]
fn assignments_change_meanwhile() {
    run(async |world: World| {
        let ward = Ward::new(&world, 5).await;
        let [moved, second, third, fourth, _] = &ward.patients[..] else { panic!("five patients") };
        let other = world.doctor(3).await;
        let id = ward.hand_over(&world).await;
        let worker = Worker::after(&world, 1).await;
        // The worker is about to move the second one. Each move is decided again if the care has changed.
        world.assign(&other, second).await;
        world.end_assignment(&ward.from, third).await;
        world.assign(&ward.to, fourth).await;
        // The new doctor does not keep the first one.
        world.end_assignment(&ward.to, moved).await;
        worker.finish().await;
        ward.expect_done(&world, &id, 4, 0).await;
        let rows = Rows::read(&world).await;
        let doctors = ward.patients.iter().map(|it| rows.open_of(it.id.get()));
        assert_eq!(doctors.collect::<Vec<_>>(), [vec![], vec![2, 3], vec![], vec![2], vec![2]]);
        let past = ward.patients.iter().map(|it| rows.past_of(it.id.get()));
        assert_eq!(past.collect::<Vec<_>>(), [vec![1, 2], vec![1], vec![1], vec![1], vec![1]]);
    });
}

#[test]
fn patients_stay_if_the_new_doctor_is_deleted_meanwhile() {
    run(async |world: World| {
        let ward = Ward::new(&world, 5).await;
        let id = ward.hand_over(&world).await;
        let worker = Worker::after(&world, 2).await;
        delete(&world, &ward.to).await;
        worker.finish().await;
        ward.expect_done(&world, &id, 2, 3).await;
        let rows = Rows::read(&world).await;
        let doctors = ward.patients.iter().map(|it| rows.open_of(it.id.get()));
        assert_eq!(doctors.collect::<Vec<_>>(), [vec![], vec![], vec![1], vec![1], vec![1]]);
        // The doctor can get patients again.
        world.assign(&ward.from, &world.patient(9).await).await;
    });
}

#[test]
fn assignments_end_if_the_old_doctor_is_deleted_meanwhile() {
    run(async |world: World| {
        let ward = Ward::new(&world, 5).await;
        let id = ward.hand_over(&world).await;
        let worker = Worker::after(&world, 2).await;
        delete(&world, &ward.from).await;
        worker.finish().await;
        ward.expect_done(&world, &id, 2, 0).await;
        let rows = Rows::read(&world).await;
        let doctors = ward.patients.iter().map(|it| rows.open_of(it.id.get()));
        assert_eq!(doctors.collect::<Vec<_>>(), [vec![2], vec![2], vec![], vec![], vec![]]);
        assert!(ward.patients.iter().all(|it| rows.past_of(it.id.get()) == [1]));
    });
}

/// The assignment has found no hand-over, and would add a patient to those that the worker moves.
#[test]
fn assignment_that_loses_to_a_hand_over_is_refused() {
    run(async |world: World| {
        let ward = Ward::new(&world, 1).await;
        let patient = world.patient(2).await.id;
        let Held { store, arrived, released } = held(&world).await;
        let (doctor, now) = (ward.from.id, world.app.now());
        let assigning =
            tokio::spawn(async move { steps::assign(&store, doctor, patient, first(), now).await });
        arrived.notified().await;
        let id = ward.hand_over(&world).await;
        released.notify_one();
        let refused = assigning.await.unwrap();
        assert!(is_handing_over(&refused), "{refused:?}");
        work(&world).await;
        ward.expect_all_moved(&world, &id).await;
    });
}
