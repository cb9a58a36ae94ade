//! Hand-overs: how a worker moves a doctor's patients to another doctor when nothing disturbs it. `handover_requests` is
//! about what is asked for, `handover_killed` and `handover_races` about what disturbs the work.

use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::doctor::Doctor;
use shared::model::handover::{Handover, HandoverId, HandoverState};
use shared::model::id::{Id, UserId};
use shared::model::patient::Patient;
use shared::model::timestamp::Timestamp;
use shared::store::ReadHandover;
use shared::testing::{World, run, steps};

use super::care_rows::{Row, Rows, number, text};
use super::rows;

/// More than a worker's lease.
pub const LEASE: Duration = Duration::from_secs(91);

pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A doctor with patients, and the doctor who gets them.
pub struct Ward {
    pub from: Doctor,
    pub to: Doctor,
    pub patients: Vec<Patient>,
}

impl Ward {
    /// Creates the doctors 1 and 2 of a world, and so many patients, in the order of their names. All of them are
    /// patients of doctor 1.
    pub async fn new(world: &World, patients: u32) -> Self {
        let (from, to) = (world.doctor(1).await, world.doctor(2).await);
        let mut ward = Self { from, to, patients: Vec::new() };
        for n in 1..=patients {
            let patient = world.patient(n).await;
            world.assign(&ward.from, &patient).await;
            ward.patients.push(patient);
        }
        world.advance(DAY);
        ward
    }

    /// Asks for the hand-over of all patients now.
    pub async fn hand_over(&self, world: &World) -> HandoverId {
        world.hand_over(&self.from, &self.to).await.id
    }

    /// Fails the test unless the hand-over is done, and each patient was moved exactly once.
    pub async fn expect_all_moved(&self, world: &World, id: &HandoverId) {
        self.expect_done(world, id, self.patients.len(), 0).await;
        let rows = Rows::read(world).await;
        for patient in &self.patients {
            let id = patient.id.get();
            assert_eq!(rows.open_of(id), [self.to.id.get()], "patient {id}");
            assert_eq!(rows.past_of(id), [self.from.id.get()], "patient {id}");
        }
    }

    /// Fails the test unless the hand-over is done with these counts, and the rows agree.
    pub async fn expect_done(&self, world: &World, id: &HandoverId, moved: usize, left: u64) {
        let Handover { state, moved: counted, left: stay, finished_at, .. } = read(world, id).await;
        let moved = u64::try_from(moved).unwrap();
        assert_eq!((state, counted, stay), (HandoverState::Done, moved, Some(left)));
        assert!(finished_at.is_some());
        assert!(open_jobs(world).await.is_empty(), "the marker or the row of the open job is left");
        Rows::read(world).await.check();
    }

    /// Returns how many patients the new doctor has got.
    pub async fn moved(&self, world: &World) -> usize {
        let rows = Rows::read(world).await;
        let has = |patient: &&Patient| rows.open_of(patient.id.get()).contains(&self.to.id.get());
        self.patients.iter().filter(has).count()
    }
}

pub fn first() -> UserId {
    UserId::new(1).unwrap()
}

pub async fn read(world: &World, id: &HandoverId) -> Handover {
    let (store, now) = (world.app.store(), world.app.now());
    let by = steps::grant::<ReadHandover>(store, first(), now, id.clone()).await.unwrap();
    store.handovers().read(by).unwrap()
}

/// Returns a time that a worker does not reach.
pub fn end(world: &World) -> Timestamp {
    world.app.now().plus(DAY)
}

/// Works all hand-overs that are due.
pub async fn work(world: &World) {
    let (_, outcome) = world.app.store().handovers().run(world.app.system(), end(world)).await;
    outcome.unwrap();
}

/// Works the hand-overs that are due for so many seconds. Each look at the clock takes a second.
pub async fn work_for(world: &World, seconds: u64) {
    let system = world.ticking_system();
    let end = world.app.now().plus(Duration::from_secs(seconds));
    world.app.store().handovers().run(&system, end).await.1.unwrap();
}

/// Returns the keys of all markers and rows of open jobs.
pub async fn open_jobs(world: &World) -> Vec<(String, String)> {
    let keys = rows(world, |pk, sk| pk == "JOBS" || sk == "HANDOVER").await;
    keys.into_iter().collect()
}

#[test]
fn all_patients_are_moved() {
    run(async |world: World| {
        // More than one page of the panel.
        let ward = Ward::new(&world, 45).await;
        let id = ward.hand_over(&world).await;
        let Handover { state, moved, left, .. } = read(&world, &id).await;
        assert_eq!((state, moved, left), (HandoverState::Scheduled, 0, None));
        assert_eq!(ward.moved(&world).await, 0);
        work(&world).await;
        ward.expect_all_moved(&world, &id).await;
        let ended = Rows::read(&world).await;
        for past in ended.with("PATIENT#", "PAST#") {
            assert_eq!(text(past, "ends_at"), world.app.now().to_string());
            assert_eq!(number(past, "ended_by"), 1);
        }
        // Nothing is left to do, and the doctor can get patients again.
        work(&world).await;
        ward.expect_all_moved(&world, &id).await;
        world.assign(&ward.from, &world.patient(50).await).await;
    });
}

#[test]
fn role_and_bounds_are_kept() {
    run(async |world: World| {
        let ward = Ward::new(&world, 0).await;
        let (now, later) = (world.patient(1).await, world.patient(2).await);
        world.assign_for(&ward.from, &now, CareRole::Primary, 0..9).await;
        let future = world.assign_for(&ward.from, &later, CareRole::Consulting, 5..9).await;
        let id = ward.hand_over(&world).await;
        world.advance(DAY);
        work(&world).await;
        ward.expect_done(&world, &id, 2, 0).await;
        let rows = Rows::read(&world).await;
        let of = |patient: &Patient| {
            let is_of = |row: &&Row| number(row, "patient_id") == patient.id.get();
            let row = rows.care.iter().find(is_of).unwrap();
            assert_eq!(number(row, "doctor_id"), ward.to.id.get());
            ["role", "starts_at", "ends_at"].map(|name| text(row, name).to_owned())
        };
        let end = future.terms.ends_at.unwrap().to_string();
        assert_eq!(of(&now), ["primary".to_owned(), world.app.now().to_string(), end.clone()]);
        let start = future.terms.starts_at.to_string();
        assert_eq!(of(&later), ["consulting".to_owned(), start, end]);
    });
}

/// The new doctor has all three patients, in another role or for another time.
#[test]
fn patient_whom_the_new_doctor_has_is_never_without_a_doctor() {
    run(async |world: World| {
        let mut ward = Ward::new(&world, 0).await;
        for n in 1..=3 {
            ward.patients.push(world.patient(n).await);
        }
        let [shorter, later, longer] = &ward.patients[..] else { panic!("three patients") };
        world.assign_for(&ward.from, shorter, CareRole::Primary, 0..9).await;
        world.assign_for(&ward.to, shorter, CareRole::Treating, 0..2).await;
        world.assign(&ward.from, later).await;
        world.assign_for(&ward.to, later, CareRole::Consulting, 5..9).await;
        world.assign_for(&ward.from, longer, CareRole::Treating, 0..2).await;
        world.assign(&ward.to, longer).await;
        let beginning = world.app.now();
        world.advance(DAY);
        let id = ward.hand_over(&world).await;
        work(&world).await;
        ward.expect_done(&world, &id, 3, 0).await;

        let rows = Rows::read(&world).await;
        let of = |patient: &Patient| {
            let id = patient.id.get();
            assert_eq!((rows.open_of(id), rows.past_of(id)), (vec![2], vec![1]));
            let row = rows.care.iter().find(|row| number(row, "patient_id") == id).unwrap();
            let end = row.get("ends_at").map(|end| end.as_s().unwrap().clone());
            (text(row, "role").to_owned(), text(row, "starts_at").to_owned(), end)
        };
        let end = beginning.plus(9 * DAY).to_string();
        let (start, now) = (beginning.to_string(), world.app.now().to_string());
        assert_eq!(of(shorter), ("primary".to_owned(), start.clone(), Some(end)));
        assert_eq!(of(later), ("consulting".to_owned(), now, None));
        assert_eq!(of(longer), ("treating".to_owned(), start, None));
    });
}

/// The new doctor gets no time in which neither doctor would have the patient.
#[test]
fn assignments_with_time_between_them_are_not_joined() {
    run(async |world: World| {
        let mut ward = Ward::new(&world, 0).await;
        for (n, days) in [(1, 6..9), (2, 5..9)] {
            let patient = world.patient(n).await;
            world.assign_for(&ward.from, &patient, CareRole::Treating, 0..5).await;
            world.assign_for(&ward.to, &patient, CareRole::Treating, days).await;
            ward.patients.push(patient);
        }
        let [apart, adjacent] = [&ward.patients[0], &ward.patients[1]].map(|it| it.id.get());
        let now = world.app.now();
        let id = ward.hand_over(&world).await;
        work(&world).await;
        ward.expect_done(&world, &id, 1, 1).await;
        let rows = Rows::read(&world).await;
        assert_eq!((rows.open_of(apart), rows.open_of(adjacent)), (vec![1, 2], vec![2]));
        let row = rows.care.iter().find(|row| number(row, "patient_id") == adjacent).unwrap();
        let bounds = ["starts_at", "ends_at"].map(|name| text(row, name).to_owned());
        assert_eq!(bounds, [now, now.plus(9 * DAY)].map(|time| time.to_string()));
    });
}

/// Doctor 3 is primary from the moment at which doctor 1 would have ceased to be.
#[test]
fn patient_who_cannot_be_moved_stays() {
    run(async |world: World| {
        let ward = Ward::new(&world, 2).await;
        let (third, patient) = (world.doctor(3).await, world.patient(3).await);
        world.assign_for(&ward.from, &patient, CareRole::Primary, 0..5).await;
        world.assign_for(&ward.to, &patient, CareRole::Treating, 0..9).await;
        world.assign_for(&third, &patient, CareRole::Primary, 5..9).await;
        let id = ward.hand_over(&world).await;
        work(&world).await;
        ward.expect_done(&world, &id, 2, 1).await;
        assert_eq!(ward.moved(&world).await, 2);
        let rows = Rows::read(&world).await;
        assert_eq!(rows.open_of(patient.id.get()), [1, 2, 3]);
        assert!(rows.past_of(patient.id.get()).is_empty());
    });
}

#[test]
fn work_that_is_late_goes_on_with_the_next_run() {
    run(async |world: World| {
        let ward = Ward::new(&world, 3).await;
        let id = ward.hand_over(&world).await;
        // At least one patient moves.
        work_for(&world, 2).await;
        assert_eq!((read(&world, &id).await.moved, ward.moved(&world).await), (1, 1));
        // Without waiting for the end of a lease.
        work(&world).await;
        ward.expect_all_moved(&world, &id).await;
    });
}

#[test]
fn large_panel_leaves_time_to_another_hand_over() {
    run(async |world: World| {
        let mut wards = Vec::new();
        for n in 0..2 {
            let (from, to) = (world.doctor(2 * n + 1).await, world.doctor(2 * n + 2).await);
            let mut patients = Vec::new();
            for patient in 1..=20 {
                let patient = world.patient(20 * n + patient).await;
                world.assign(&from, &patient).await;
                patients.push(patient);
            }
            let id = world.hand_over(&from, &to).await.id;
            wards.push((id, Ward { from, to, patients }));
        }
        work_for(&world, 20).await;
        for (_, ward) in &wards {
            let moved = ward.moved(&world).await;
            assert!((1..20).contains(&moved), "{moved}");
        }
        work(&world).await;
        for (id, ward) in &wards {
            ward.expect_all_moved(&world, id).await;
        }
    });
}

#[test]
fn several_hand_overs_are_worked_by_one_run() {
    run(async |world: World| {
        let mut wards = Vec::new();
        for n in 0..3 {
            let (from, to) = (world.doctor(2 * n + 1).await, world.doctor(2 * n + 2).await);
            let patient = world.patient(n).await;
            world.assign(&from, &patient).await;
            let id = world.hand_over(&from, &to).await.id;
            wards.push((id, Ward { from, to, patients: vec![patient] }));
        }
        work(&world).await;
        for (id, ward) in &wards {
            ward.expect_all_moved(&world, id).await;
        }
    });
}
