//! Episodes whose period is over: the rows by which the daily function finds them, and their move to the past.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use repo::template::TABLE_NAME;
use shared::model::assignment::CareRole;
use shared::model::doctor::{Doctor, DoctorDetails};
use shared::model::id::Id;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::record::Edit;
use shared::model::timestamp::Timestamp;
use shared::store::{
    AssignmentChange, AssignmentIds, DynamoError, EndAssignment, EndingAssignment, Store,
    StoreError, Transfer, TransferPatients, UpdateAssignment,
};
use shared::testing::{Value, World, json, run, steps, together};

use super::care_rows::{Rows, number, text};
use super::handover::{DAY, first};
use super::interleavings::{Held, held};
use super::killed::{Killed, store_killed_at};
use super::old_data::{
    put, put_assignment, put_doctor, put_patient, reindex, reindex_at, rows as all_rows,
};
use super::reindex::kill_after;

const TREATING: CareRole = CareRole::Treating;

async fn lapse(world: &World) -> usize {
    let (changed, outcome) = world.app.store().assignments().lapse(world.app.now(), || false).await;
    outcome.unwrap();
    changed
}

/// Reads the rows, which must agree.
async fn checked(world: &World) -> Rows {
    let rows = Rows::read(world).await;
    rows.check();
    rows
}

/// Fails the test unless the rows agree, and that of the patient names this end.
async fn expect_end(world: &World, patient: &Patient, end: Option<Timestamp>) {
    let ends = checked(world).await.ends();
    assert_eq!(ends.get(&patient.id.get()), end.map(|end| end.to_string()).as_ref());
}

async fn change_end(world: &World, doctor: &Doctor, patient: &Patient, end: Option<Timestamp>) {
    let ids = AssignmentIds { doctor_id: doctor.id, patient_id: patient.id };
    change_end_of(world, ids, end).await;
}

async fn change_end_of(world: &World, ids: AssignmentIds, end: Option<Timestamp>) {
    let change =
        AssignmentChange { ids, role: None, starts_at: None, ends_at: Some(end), reason: None };
    let (store, now) = (world.app.store(), world.app.now());
    let by = steps::grant::<UpdateAssignment>(store, first(), now, change).await.unwrap();
    store.assignments().update(by, &Preconditions::NONE).await.unwrap();
}

async fn edit(world: &World, patient: &Patient, fields: Value) {
    let edit: Edit<PatientDetails> = Edit::Merge(fields.as_object().unwrap().clone());
    let (store, now) = (world.app.store(), world.app.now());
    steps::update(store, patient.id, &edit, &Preconditions::NONE, now).await.unwrap();
}

/// Two doctors, and patients whom the first one has for a day. For the second patient, the second doctor goes on.
async fn clinic(world: &World) -> ([Doctor; 2], Vec<Patient>) {
    let doctors = [world.doctor(1).await, world.doctor(2).await];
    let mut patients = Vec::new();
    for n in 1..=4 {
        let patient = world.patient(n).await;
        world.assign_for(&doctors[0], &patient, TREATING, 0..1).await;
        patients.push(patient);
    }
    world.assign_for(&doctors[1], &patients[1], TREATING, 0..3).await;
    (doctors, patients)
}

/// Fails the test unless the first doctor had each patient of the clinic, and has none.
async fn expect_lapsed(world: &World, patients: &[Patient]) {
    let rows = checked(world).await;
    for (n, patient) in (1..).zip(patients) {
        let id = patient.id.get();
        assert_eq!(rows.past_of(id), [1], "patient {n}");
        assert_eq!(rows.open_of(id), if n == 2 { vec![2] } else { vec![] }, "patient {n}");
    }
    assert!(rows.with("PATIENT#", "PAST#").all(|row| !row.contains_key("ended_by")));
}

#[test]
fn rows_by_date_follow_the_first_end() {
    run(async |world: World| {
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        let patient = world.patient(1).await;
        let day = |n: u32| Some(world.app.now().plus(n * DAY));
        world.assign(&doctor, &patient).await;
        expect_end(&world, &patient, None).await;
        change_end(&world, &doctor, &patient, day(9)).await;
        expect_end(&world, &patient, day(9)).await;
        world.assign_for(&other, &patient, TREATING, 1..20).await;
        expect_end(&world, &patient, day(9)).await;
        change_end(&world, &doctor, &patient, day(30)).await;
        expect_end(&world, &patient, day(20)).await;
        change_end(&world, &other, &patient, None).await;
        expect_end(&world, &patient, day(30)).await;

        // Neither depends on the name, the restriction or the doctor.
        edit(&world, &patient, json!({"last_name": "Doe"})).await;
        world.restrict(&patient).await;
        expect_end(&world, &patient, day(30)).await;
        let (third, patient_ids) = (world.doctor(3).await, vec![patient.id]);
        let (from_doctor_id, to_doctor_id) = (doctor.id, third.id);
        let transfer = Transfer { patient_ids, from_doctor_id, to_doctor_id, reason: None };
        let (store, now) = (world.app.store(), world.app.now());
        let by = steps::grant::<TransferPatients>(store, first(), now, transfer).await.unwrap();
        let outcomes = store.assignments().transfer(by, || false).await.unwrap();
        assert!(outcomes[0].1.is_ok());
        expect_end(&world, &patient, day(30)).await;

        // An end that is asked for ahead, and one now.
        let ids = AssignmentIds { doctor_id: other.id, patient_id: patient.id };
        let ending = EndingAssignment { ends_at: day(5), ..EndingAssignment::of(ids) };
        let by = steps::grant::<EndAssignment>(store, first(), now, ending).await.unwrap();
        store.assignments().end(by).await.unwrap();
        expect_end(&world, &patient, day(5)).await;
        world.end_assignment(&other, &patient).await;
        expect_end(&world, &patient, day(30)).await;
        world.end_assignment(&third, &patient).await;
        expect_end(&world, &patient, None).await;
    });
}

#[test]
fn voided_and_deleted_have_no_rows_by_date() {
    run(async |world: World| {
        let mut patients = Vec::new();
        for n in 1..=3 {
            let (doctor, patient) = (world.doctor(n).await, world.patient(n).await);
            let assignment = world.assign_for(&doctor, &patient, TREATING, 0..9).await;
            patients.push((doctor, patient, assignment));
        }
        assert_eq!(checked(&world).await.ends().len(), 3);
        let [voided, of_patient, of_doctor] = &patients[..] else { panic!("three patients") };
        let (store, any, now) = (world.app.store(), Preconditions::NONE, world.app.now());
        world.void_assignment(&voided.2).await;
        let id = of_patient.1.id;
        steps::delete::<PatientDetails>(store, id, &any, now, || false).await.unwrap();
        let id = of_doctor.0.id;
        steps::delete::<DoctorDetails>(store, id, &any, now, || false).await.unwrap();
        let rows = checked(&world).await;
        assert!(rows.ends().is_empty() && rows.care.is_empty());
        assert_eq!(rows.with("PATIENT#", "PAST#").count(), 3);
        world.advance(10 * DAY);
        assert_eq!(lapse(&world).await, 0);
    });
}

#[test]
fn periods_that_are_over_move_to_the_past_once() {
    run(async |world: World| {
        let (doctors, patients) = clinic(&world).await;
        assert_eq!(lapse(&world).await, 0);
        world.advance(DAY.saturating_sub(Duration::from_millis(1)));
        assert_eq!(lapse(&world).await, 0);
        world.advance(Duration::from_millis(1));
        let end = world.app.now().to_string();
        assert_eq!(lapse(&world).await, 4);
        expect_lapsed(&world, &patients).await;
        let rows = checked(&world).await;
        for past in rows.with("PATIENT#", "PAST#") {
            assert_eq!((number(past, "doctor_id"), text(past, "ends_at")), (1, end.as_str()));
        }
        // The second patient's other end has the row now.
        assert_eq!(rows.ends().into_keys().collect::<Vec<_>>(), [patients[1].id.get()]);
        assert_eq!(lapse(&world).await, 0);
        expect_lapsed(&world, &patients).await;
        world.advance(2 * DAY);
        assert_eq!(lapse(&world).await, 1);
        let rows = checked(&world).await;
        assert_eq!(rows.past_of(patients[1].id.get()), [1, 2]);
        assert!(rows.ends().is_empty());
        // The doctor can have the patients again.
        world.assign_for(&doctors[0], &patients[0], TREATING, 0..1).await;
        checked(&world).await;
    });
}

#[test]
fn days_without_a_run_are_made_up_for() {
    run(async |world: World| {
        let (_, patients) = clinic(&world).await;
        world.advance(31 * DAY);
        assert_eq!(lapse(&world).await, 4);
        let rows = checked(&world).await;
        assert!(rows.ends().is_empty() && rows.care.is_empty());
        assert_eq!(rows.past_of(patients[1].id.get()), [1, 2]);
    });
}

#[test]
fn a_run_that_is_late_leaves_the_rest_to_the_next() {
    run(async |world: World| {
        let (_, patients) = clinic(&world).await;
        world.advance(DAY);
        let (store, asked) = (world.app.store(), AtomicU32::new(0));
        let is_late = || asked.fetch_add(1, Ordering::Relaxed) >= 2;
        let (done, outcome) = store.assignments().lapse(world.app.now(), is_late).await;
        assert_eq!(done, 2);
        // Or nobody would know that the time does not suffice.
        let is_reported = matches!(outcome, Err(StoreError::Dynamo(DynamoError::Unavailable(_))));
        assert!(is_reported, "{outcome:?}");
        assert_eq!(lapse(&world).await, 2);
        expect_lapsed(&world, &patients).await;
    });
}

/// Kills the function at its first call, then at its second, and so on, until it reaches the end.
async fn kill_at_every_call(killed: Killed) {
    let mut call = 0;
    loop {
        let world = World::new().await;
        let (_, patients) = clinic(&world).await;
        world.advance(DAY);
        let is_done = loop {
            let store = store_killed_at(&world, call, killed).await;
            let (_, ended) = store.assignments().lapse(world.app.now(), || false).await;
            println!("{killed:?} call {call}: {ended:?}");
            let has_effect = checked(&world).await.with("PATIENT#", "PAST#").next().is_some();
            if ended.is_ok() || has_effect {
                break ended.is_ok();
            }
            call += 1;
        };
        if is_done {
            expect_lapsed(&world, &patients).await;
            // Each patient takes a read and a write.
            assert!(call > 2 * patients.len(), "the function made {call} calls");
            return;
        }
        call += 1;
        lapse(&world).await;
        expect_lapsed(&world, &patients).await;
    }
}

#[test]
fn function_killed_before_any_call_loses_nothing() {
    run(async |_: World| kill_at_every_call(Killed::Before).await);
}

#[test]
fn function_killed_after_any_call_does_nothing_twice() {
    run(async |_: World| kill_at_every_call(Killed::After).await);
}

#[test]
fn two_at_once_move_each_episode_once() {
    run(async |world: World| {
        let (_, patients) = clinic(&world).await;
        world.advance(DAY);
        let (apps, now) = ([world.another_app(), world.another_app()], world.app.now());
        let lapse_in = |store: Store| async move { store.assignments().lapse(now, || false).await };
        let ended = together(apps.iter().map(|app| lapse_in(app.store().clone()))).await;
        assert!(ended.iter().all(|(_, outcome)| outcome.is_ok()), "{ended:?}");
        let changed: usize = ended.into_iter().map(|(changed, _)| changed).sum();
        assert_eq!(changed, patients.len());
        expect_lapsed(&world, &patients).await;
    });
}

/// The change also moves what is over to the past.
#[test]
fn patient_who_is_assigned_meanwhile_lapses_once() {
    run(async |world: World| {
        let (_, patients) = clinic(&world).await;
        let (third, [patient, ..]) = (world.doctor(3).await, &patients[..]) else { panic!("four") };
        world.advance(DAY);
        let Held { store, arrived, released } = held(&world).await;
        let now = world.app.now();
        let lapsing = tokio::spawn(async move { store.assignments().lapse(now, || false).await });
        arrived.notified().await;
        world.assign(&third, patient).await;
        let releasing = tokio::spawn(async move {
            loop {
                released.notify_one();
                arrived.notified().await;
            }
        });
        lapsing.await.unwrap().1.unwrap();
        releasing.abort();
        let rows = checked(&world).await;
        assert_eq!(rows.open_of(patient.id.get()), [3]);
        for patient in &patients {
            assert_eq!(rows.past_of(patient.id.get()), [1]);
        }
    });
}

/// No version of this program leaves such rows. They must not be found again and again.
#[test]
fn rows_that_name_no_end_are_deleted() {
    run(async |world: World| {
        let (_, patients) = clinic(&world).await;
        world.advance(DAY);
        let row = |end: Timestamp, patient: u64| {
            let end = end.to_string();
            json!({"pk": format!("ENDS#{}", &end[..10]), "sk": format!("{end}#{patient:016}")})
        };
        let earlier = world.app.now().minus(Duration::from_hours(1));
        // Of a patient who has another end, of one who never had a doctor, and of one who does not exist.
        let without = world.patient(9).await.id.get();
        for patient in [patients[1].id.get(), without, 99] {
            put(&world, row(earlier, patient)).await;
        }
        assert_eq!(lapse(&world).await, 4);
        // The row of a patient whose assignments have changed is left for the next run.
        assert_eq!(lapse(&world).await, 0);
        expect_lapsed(&world, &patients).await;
    });
}

/// Before schema 4, no row named an end.
#[test]
fn migration_makes_the_rows_by_date() {
    run(async |world: World| {
        let (doctors, _) = clinic(&world).await;
        world.assign(&doctors[0], &world.patient(9).await).await;
        let expected = checked(&world).await.ends();
        assert_eq!(expected.len(), 4);
        for row in world.rows("ENDS#").await {
            let delete = world.dynamodb.delete_item().table_name(TABLE_NAME);
            let delete = delete.key("pk", row["pk"].clone()).key("sk", row["sk"].clone());
            delete.send().await.unwrap();
        }
        assert!(Rows::read(&world).await.ends().is_empty());
        for polls in [3, 9, 20] {
            // With other clients, as in another process.
            let app = world.another_app();
            kill_after(polls, async { drop(reindex(app.store(), 3).await) }).await;
        }
        // A run that ended later may have left its progress.
        for _ in 0..2 {
            reindex(world.app.store(), 3).await;
        }
        assert_eq!(checked(&world).await.ends(), expected);
        let first = all_rows(&world).await;
        reindex(world.app.store(), 500).await;
        assert_eq!(all_rows(&world).await, first);
        world.advance(DAY);
        assert_eq!(lapse(&world).await, 4);
    });
}

#[test]
fn migration_makes_past_ones_of_lapsed_assignments() {
    run(async |world: World| {
        let (_, patients) = clinic(&world).await;
        world.advance(DAY);
        for polls in [3, 9, 20] {
            let (app, now) = (world.another_app(), world.app.now());
            kill_after(polls, async { drop(reindex_at(app.store(), 3, now).await) }).await;
        }
        for _ in 0..2 {
            reindex_at(world.app.store(), 3, world.app.now()).await;
        }
        expect_lapsed(&world, &patients).await;
        assert_eq!(lapse(&world).await, 0);
    });
}

/// Earlier versions had no limit of doctors. All episodes together are too many for a transaction.
#[test]
fn patient_of_an_earlier_version_lapses_in_several_steps() {
    const DOCTORS: u64 = 27;
    run(async |world: World| {
        put_patient(&world, 1).await;
        for id in 1..=DOCTORS {
            put_doctor(&world, id, &format!("LIC-{id}")).await;
            put_assignment(&world, 1, id).await;
        }
        reindex(world.app.store(), 500).await;
        let (patient_id, end) = (Id::new(1).unwrap(), world.app.now().plus(DAY));
        for id in 1..=DOCTORS {
            let ids = AssignmentIds { doctor_id: Id::new(id).unwrap(), patient_id };
            change_end_of(&world, ids, Some(end)).await;
        }
        world.advance(DAY);
        assert_eq!(lapse(&world).await, 1);
        let rows = checked(&world).await;
        assert!(rows.care.is_empty() && rows.ends().is_empty());
        assert_eq!(rows.past_of(1), (1..=DOCTORS).collect::<Vec<_>>());
    });
}
