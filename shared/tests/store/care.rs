//! Many changes of one patient's care at the same time: one primary doctor, no assignment lost, and rows that agree.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::conflict::Conflict;
use shared::model::id::{DoctorId, Id, PatientId, UserId};
use shared::model::patient::PatientDetails;
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::model::timestamp::Timestamp;
use shared::store::{
    Assign, AssignMany, AssignmentIds, EndAssignment, EndingAssignment, NewAssignment, Store,
    StoreError, Transfer, TransferPatients,
};
use shared::testing::{World, json, run, steps};
use tokio::task::JoinSet;

use super::care_rows::{Rows, number, text};

/// More than the tasks that can be faster than one of them.
const ATTEMPTS: u32 = 200;

#[derive(Debug, Clone, Copy)]
enum Task {
    Assign(u64, CareRole),
    End(u64),
    /// Moves the patient from the first doctor to the second one.
    Transfer(u64, u64),
    Rename(u64),
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Done,
    Existing,
    Missing,
    Refused(Conflict),
}

fn first() -> UserId {
    UserId::new(1).unwrap()
}

fn ids(doctor: u64) -> AssignmentIds {
    AssignmentIds {
        doctor_id: DoctorId::new(doctor).unwrap(),
        patient_id: PatientId::new(1).unwrap(),
    }
}

async fn assign(store: &Store, new: &NewAssignment, now: Timestamp) -> Result<bool, StoreError> {
    for _ in 0..ATTEMPTS {
        let by = steps::grant::<Assign>(store, first(), now, new.clone()).await?;
        match store.assignments().assign(by).await {
            Err(StoreError::Contended) => tokio::task::yield_now().await,
            outcome => return outcome.map(|assigned| assigned.is_new),
        }
    }
    Err(StoreError::Contended)
}

async fn end(store: &Store, ending: &EndingAssignment, now: Timestamp) -> Result<(), StoreError> {
    for _ in 0..ATTEMPTS {
        let by = steps::grant::<EndAssignment>(store, first(), now, ending.clone()).await?;
        match store.assignments().end(by).await {
            Err(StoreError::Contended) => tokio::task::yield_now().await,
            outcome => return outcome,
        }
    }
    Err(StoreError::Contended)
}

async fn transfer(store: &Store, from: u64, to: u64, now: Timestamp) -> Result<(), StoreError> {
    let AssignmentIds { doctor_id: from_doctor_id, patient_id } = ids(from);
    let to_doctor_id = ids(to).doctor_id;
    let patient_ids = vec![patient_id];
    let request = Transfer { patient_ids, from_doctor_id, to_doctor_id, reason: None };
    for _ in 0..ATTEMPTS {
        let name = request.clone();
        let by = steps::grant::<TransferPatients>(store, first(), now, name).await?;
        let (_, outcome) = store.assignments().transfer(by, || false).await?.remove(0);
        match outcome {
            Err(StoreError::Contended) => {}
            outcome => return outcome,
        }
    }
    Err(StoreError::Contended)
}

async fn rename(store: &Store, n: u64, now: Timestamp) -> Result<(), StoreError> {
    let name = json!({"last_name": format!("Roe {n}")}).as_object().unwrap().clone();
    let edit: Edit<PatientDetails> = Edit::Merge(name);
    for _ in 0..ATTEMPTS {
        match steps::update(store, ids(1).patient_id, &edit, &Preconditions::NONE, now).await {
            Err(StoreError::Contended) => {}
            outcome => return outcome.map(drop),
        }
    }
    Err(StoreError::Contended)
}

impl Task {
    async fn run(self, store: Store, now: Timestamp) -> (Self, Ended) {
        let outcome = match self {
            Self::Assign(doctor, role) => {
                let new = NewAssignment { role: Some(role), ..NewAssignment::of(ids(doctor)) };
                assign(&store, &new, now).await
            }
            Self::End(doctor) => {
                end(&store, &EndingAssignment::of(ids(doctor)), now).await.map(|()| true)
            }
            Self::Transfer(from, to) => transfer(&store, from, to, now).await.map(|()| true),
            Self::Rename(n) => rename(&store, n, now).await.map(|()| true),
        };
        let ended = match outcome {
            Ok(true) => Ended::Done,
            Ok(false) => Ended::Existing,
            Err(StoreError::NotFound(_)) => Ended::Missing,
            Err(StoreError::Care(conflict)) => Ended::Refused(conflict),
            Err(error) => panic!("{self:?}: {error:?}"),
        };
        (self, ended)
    }
}

/// Runs the tasks at the same time.
async fn race(world: &World, tasks: Vec<Task>) -> Vec<(Task, Ended)> {
    let mut set = JoinSet::new();
    for task in tasks {
        set.spawn(task.run(world.app.store().clone(), world.app.now()));
    }
    set.join_all().await
}

#[test]
fn racing_changes_of_one_patient_lose_nothing() {
    run(async |world: World| {
        let treating = CareRole::Treating;
        world.patient(1).await;
        for n in 1..=28 {
            world.doctor(n).await;
        }
        for doctor in 1..=8 {
            let new = NewAssignment { role: Some(treating), ..NewAssignment::of(ids(doctor)) };
            assert!(assign(world.app.store(), &new, world.app.now()).await.unwrap());
        }
        world.advance(Duration::from_secs(60));
        let mut tasks = Vec::new();
        tasks.extend((9..=20).map(|doctor| Task::Assign(doctor, CareRole::Primary)));
        tasks.extend((21..=24).map(|doctor| Task::Assign(doctor, treating)));
        // Twice each: one of the two finds the assignment ended.
        tasks.extend([1, 1, 2, 2, 3, 3, 4, 4].map(Task::End));
        tasks
            .extend([(5, 25), (5, 25), (6, 26), (7, 8)].map(|(from, to)| Task::Transfer(from, to)));
        tasks.extend([1, 2, 3, 4].map(Task::Rename));
        assert_eq!(tasks.len(), 32);
        let ended = race(&world, tasks).await;

        let count = |is_meant: fn(&Task) -> bool, outcome: Ended| {
            ended.iter().filter(|(task, ended)| is_meant(task) && *ended == outcome).count()
        };
        let is_primary = |task: &Task| matches!(task, Task::Assign(_, CareRole::Primary));
        assert_eq!(count(is_primary, Ended::Done), 1, "{ended:?}");
        assert_eq!(count(is_primary, Ended::Refused(Conflict::PrimaryTaken)), 11);
        assert_eq!(
            count(|task| matches!(task, Task::Assign(_, CareRole::Treating)), Ended::Done),
            4
        );
        assert_eq!(count(|task| matches!(task, Task::End(_)), Ended::Done), 4);
        assert_eq!(count(|task| matches!(task, Task::End(_)), Ended::Missing), 4);
        assert_eq!(count(|task| matches!(task, Task::Transfer(..)), Ended::Done), 3);
        assert_eq!(count(|task| matches!(task, Task::Transfer(..)), Ended::Missing), 1);
        assert_eq!(count(|task| matches!(task, Task::Rename(_)), Ended::Done), 4);

        let rows = Rows::read(&world).await;
        rows.check();
        assert_eq!(rows.primaries(), 1);
        // Each end that was acknowledged is in the past once, and nothing else is.
        let past: Vec<u64> = Rows::doctors(rows.with("PATIENT#", "PAST#"))
            .into_iter()
            .map(|(doctor, _)| doctor)
            .collect();
        assert_eq!(past, [1, 2, 3, 4, 5, 6, 7]);
        let mut open: BTreeSet<u64> =
            rows.care.iter().map(|row| number(row, "doctor_id")).collect();
        let primary = open.iter().copied().find(|doctor| (9..=20).contains(doctor));
        assert!(open.remove(&primary.unwrap()));
        assert_eq!(open, BTreeSet::from([8, 21, 22, 23, 24, 25, 26]));
        // The panels show the name that the patient has.
        let patient = steps::record::<PatientDetails>(world.app.store(), ids(1).patient_id).await;
        let name = json!(patient.unwrap().unwrap())["last_name"].as_str().unwrap().to_lowercase();
        assert!(rows.with("DOCTOR#", "NAME#").all(|row| text(row, "sk").contains(&name)), "{name}");
    });
}

#[test]
fn racing_changes_of_a_few_doctors_leave_rows_that_agree() {
    run(async |world: World| {
        world.patient(1).await;
        for n in 1..=6 {
            world.doctor(n).await;
        }
        let mut done = (0, 0);
        for round in 0..10 {
            world.advance(Duration::from_secs(1));
            let mut random = fastrand::Rng::with_seed(round);
            let tasks = (0..32).map(|_| {
                let [doctor, other] = [random.u64(1..=3), random.u64(4..=6)];
                match random.u8(0..6) {
                    0 => Task::Assign(doctor, CareRole::Primary),
                    1 => Task::Assign(other, CareRole::Primary),
                    2 => Task::End(doctor),
                    3 => Task::End(other),
                    4 => Task::Transfer(doctor, other),
                    _ => Task::Transfer(other, doctor),
                }
            });
            let tasks = tasks.collect();
            for (task, ended) in race(&world, tasks).await {
                match (task, ended) {
                    (Task::Assign(..), Ended::Done) => done.0 += 1,
                    (Task::End(_) | Task::Transfer(..), Ended::Done) => done.1 += 1,
                    _ => {}
                }
            }
            let rows = Rows::read(&world).await;
            rows.check();
            assert!(rows.primaries() <= 1);
            assert_eq!(rows.with("PATIENT#", "PAST#").count(), done.1, "each end is kept");
        }
        assert!(done.0 > 0 && done.1 > 0, "{done:?}");
    });
}

#[test]
fn batches_stop_when_they_are_late() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.doctor(2).await;
        let (store, now) = (world.app.store(), world.app.now());
        let items = (0..3).map(|_| Ok(NewAssignment::of(ids(1)))).collect();
        let by = steps::grant::<AssignMany>(store, first(), now, items).await.unwrap();
        let calls = AtomicU32::new(0);
        let is_late = || calls.fetch_add(1, Ordering::Relaxed) > 0;
        let outcomes = store.assignments().assign_many(by, is_late).await.unwrap();
        assert!(outcomes[0].1.as_ref().is_ok_and(|assigned| assigned.is_new));
        assert!(outcomes[1..].iter().all(|it| matches!(it, (_, Err(StoreError::Dynamo(_))))));

        let request = Transfer {
            patient_ids: vec![patient.id],
            from_doctor_id: doctor.id,
            to_doctor_id: ids(2).doctor_id,
            reason: None,
        };
        let by = steps::grant::<TransferPatients>(store, first(), now, request).await.unwrap();
        let outcomes = store.assignments().transfer(by, || true).await.unwrap();
        assert!(matches!(outcomes[..], [(_, Err(StoreError::Dynamo(_)))]));
        Rows::read(&world).await.check();
    });
}
