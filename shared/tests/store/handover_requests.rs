//! Requests for hand-overs: which begin one, and what is refused meanwhile.

use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::conflict::Conflict;
use shared::model::doctor::{Doctor, DoctorDetails};
use shared::model::handover::{Handover, HandoverId, HandoverState, NewHandover};
use shared::model::id::{DoctorId, Id};
use shared::model::patient::Patient;
use shared::model::precondition::Preconditions;
use shared::model::timestamp::Timestamp;
use shared::store::{
    AssignMany, AssignmentChange, AssignmentIds, CancelHandover, HandOver, HandoverRequest,
    NewAssignment, ReadHandover, StoreError, Transfer, TransferPatients, UpdateAssignment,
};
use shared::testing::{World, json, run, steps, together};

use super::care_rows::Rows;
use super::handover::{DAY, Ward, first, open_jobs, read, work, work_for};

/// How often a request that loses races is tried.
const ATTEMPTS: u32 = 20;

/// A request to hand over from one doctor to another.
fn request(from: DoctorId, to: DoctorId, effective_at: Option<Timestamp>) -> HandoverRequest {
    let handover = NewHandover { to_doctor_id: to, effective_at, reason: None };
    HandoverRequest { doctor_id: from, handover }
}

/// Asks for a hand-over, and again when it loses a race.
async fn start(
    world: &World,
    request: HandoverRequest,
    id: &HandoverId,
) -> Result<Handover, StoreError> {
    let (store, now) = (world.app.store(), world.app.now());
    for _ in 0..ATTEMPTS {
        let by = steps::grant::<HandOver>(store, first(), now, request.clone()).await?;
        match store.handovers().start(by, id.clone()).await {
            Err(StoreError::Contended) => tokio::task::yield_now().await,
            outcome => return outcome,
        }
    }
    Err(StoreError::Contended)
}

async fn cancel(world: &World, id: &HandoverId) -> Result<(), StoreError> {
    let (store, now) = (world.app.store(), world.app.now());
    let by = steps::grant::<CancelHandover>(store, first(), now, id.clone()).await?;
    store.handovers().cancel(by).await
}

fn is_begun(outcome: &Result<(), StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Care(Conflict::AlreadyBegun)))
}

pub fn is_handing_over<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Care(Conflict::HandingOver)))
}

fn id(n: u32) -> HandoverId {
    format!("handover-{n}").parse().unwrap()
}

async fn assign(world: &World, doctor: &Doctor, patient: &Patient) -> Result<bool, StoreError> {
    let (store, now) = (world.app.store(), world.app.now());
    let assigned = steps::assign(store, doctor.id, patient.id, first(), now).await;
    assigned.map(|assigned| assigned.is_new)
}

#[test]
fn later_hand_over_waits_for_its_time() {
    run(async |world: World| {
        let ward = Ward::new(&world, 2).await;
        let at = world.app.now().plus(DAY);
        let request = request(ward.from.id, ward.to.id, Some(at));
        start(&world, request, &id(1)).await.unwrap();
        world.advance(DAY.saturating_sub(Duration::from_millis(1)));
        work(&world).await;
        let Handover { state, effective_at, left, .. } = read(&world, &id(1)).await;
        assert_eq!((state, effective_at, left), (HandoverState::Scheduled, at, None));
        assert_eq!((ward.moved(&world).await, open_jobs(&world).await.len()), (0, 2));

        // Until then, the assignments can change, and new ones cannot be made.
        let refused = assign(&world, &ward.from, &world.patient(3).await).await;
        assert!(is_handing_over(&refused), "{refused:?}");
        world.end_assignment(&ward.from, &ward.patients[0]).await;
        world.advance(Duration::from_millis(1));
        work(&world).await;
        ward.expect_done(&world, &id(1), 1, 0).await;
        assert_eq!(ward.moved(&world).await, 1);
    });
}

#[test]
fn doctor_who_hands_over_gets_no_patients() {
    run(async |world: World| {
        let ward = Ward::new(&world, 1).await;
        let (third, patient) = (world.doctor(3).await, world.patient(2).await);
        world.assign(&third, &patient).await;
        let at = Some(world.app.now().plus(DAY));
        start(&world, request(ward.from.id, ward.to.id, at), &id(1)).await.unwrap();
        let (store, now) = (world.app.store(), world.app.now());

        let ids = AssignmentIds { doctor_id: ward.from.id, patient_id: patient.id };
        let others = AssignmentIds { doctor_id: ward.to.id, patient_id: patient.id };
        let items = [ids, others].into_iter().map(|ids| Ok(NewAssignment::of(ids))).collect();
        let by = steps::grant::<AssignMany>(store, first(), now, items).await.unwrap();
        let outcomes = store.assignments().assign_many(by, || false).await.unwrap();
        assert!(is_handing_over(&outcomes[0].1) && outcomes[1].1.is_ok(), "{outcomes:?}");

        let transfer = Transfer {
            patient_ids: vec![patient.id],
            from_doctor_id: third.id,
            to_doctor_id: ward.from.id,
            reason: None,
        };
        let by = steps::grant::<TransferPatients>(store, first(), now, transfer).await.unwrap();
        let refused = match store.assignments().transfer(by, || false).await {
            Ok(mut outcomes) => outcomes.remove(0).1,
            Err(error) => Err(error),
        };
        assert!(is_handing_over(&refused), "{refused:?}");

        // Existing assignments of the doctor can still change.
        let ids = AssignmentIds { doctor_id: ward.from.id, patient_id: ward.patients[0].id };
        assert!(!assign(&world, &ward.from, &ward.patients[0]).await.unwrap());
        let change = AssignmentChange {
            ids,
            role: Some(CareRole::Primary),
            starts_at: None,
            ends_at: None,
            reason: None,
        };
        let by = steps::grant::<UpdateAssignment>(store, first(), now, change).await.unwrap();
        let changed = store.assignments().update(by, &Preconditions::NONE).await.unwrap();
        assert_eq!(changed.terms.role, CareRole::Primary);
        Rows::read(&world).await.check();
    });
}

#[test]
fn repeated_request_finds_its_hand_over() {
    run(async |world: World| {
        let ward = Ward::new(&world, 1).await;
        let third = world.doctor(3).await;
        let at = Some(world.app.now().plus(DAY));
        let ask = async |request, n| start(&world, request, &id(n)).await;
        let made = ask(request(ward.from.id, ward.to.id, at), 1).await.unwrap();
        assert_eq!((&made.id, made.created_by), (&id(1), first()));
        for at in [at, None] {
            let again = ask(request(ward.from.id, ward.to.id, at), 2).await.unwrap();
            assert_eq!(again, made);
        }
        let other_time = Some(world.app.now().plus(2 * DAY));
        for (from, to, at) in [
            (ward.from.id, third.id, at),
            (ward.from.id, ward.to.id, other_time),
            // Nobody hands over to a doctor who does.
            (third.id, ward.from.id, None),
        ] {
            let refused = ask(request(from, to, at), 3).await;
            assert!(is_handing_over(&refused), "{refused:?}");
        }
        assert_eq!(open_jobs(&world).await.len(), 2);

        world.advance(DAY);
        work(&world).await;
        ward.expect_all_moved(&world, &id(1)).await;
        let next = ask(request(ward.from.id, ward.to.id, None), 4).await.unwrap();
        assert_eq!(next.id, id(4));
        work(&world).await;
        ward.expect_done(&world, &id(4), 0, 0).await;
    });
}

#[test]
fn invalid_requests_start_nothing() {
    run(async |world: World| {
        let ward = Ward::new(&world, 1).await;
        let now = world.app.now();
        let past = now.minus(Duration::from_millis(1));
        let late = now.plus(90 * DAY).plus(Duration::from_millis(1));
        for (to, at, field) in [
            (ward.from.id, None, "to_doctor_id"),
            (ward.to.id, Some(past), "effective_at"),
            (ward.to.id, Some(late), "effective_at"),
        ] {
            match start(&world, request(ward.from.id, to, at), &id(1)).await {
                Err(StoreError::Invalid(errors)) => {
                    let errors = json!(errors);
                    assert!(errors[field].is_array(), "{errors}");
                    assert_eq!(errors.as_object().unwrap().len(), 1, "{errors}");
                }
                outcome => panic!("{field}: {outcome:?}"),
            }
        }
        let (store, deleted) = (world.app.store(), world.doctor(3).await.id);
        let any = Preconditions::NONE;
        steps::delete::<DoctorDetails>(store, deleted, &any, now, || false).await.unwrap();
        let unknown = DoctorId::new(9).unwrap();
        for (from, to, missing) in [
            (ward.from.id, deleted, "doctor 3"),
            (deleted, ward.to.id, "doctor 3"),
            (ward.from.id, unknown, "doctor 9"),
            (unknown, ward.to.id, "doctor 9"),
        ] {
            let outcome = start(&world, request(from, to, None), &id(1)).await;
            assert!(
                matches!(&outcome, Err(StoreError::NotFound(thing)) if thing == missing),
                "{outcome:?}"
            );
        }
        assert!(open_jobs(&world).await.is_empty());
        let by = steps::grant::<ReadHandover>(store, first(), now, id(1)).await;
        let outcome = by.and_then(|by| store.handovers().read(by));
        assert!(matches!(outcome, Err(StoreError::NotFound(_))));
        // The very last moment is permitted.
        let last = Some(now.plus(90 * DAY));
        start(&world, request(ward.from.id, ward.to.id, last), &id(1)).await.unwrap();
    });
}

/// If two doctors hand over to each other at the same time, only one hand-over starts. No doctor hands over twice.
#[test]
fn requests_at_the_same_time_start_one_hand_over() {
    run(async |world: World| {
        for round in 0..10 {
            let mut doctors = Vec::new();
            for n in 1..=3 {
                doctors.push(world.doctor(3 * round + n).await.id);
            }
            let other = if round % 2 == 0 { (1, 0) } else { (0, 2) };
            let asked = (2 * round..).zip([(0, 1), other]).map(|(n, (from, to))| {
                let (world, request) = (&world, request(doctors[from], doctors[to], None));
                async move { start(world, request, &id(n)).await }
            });
            let outcomes = together(asked).await;
            let refused = outcomes.iter().filter(|outcome| is_handing_over(outcome)).count();
            let started = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!((started, refused), (1, 1), "{outcomes:?}");
            assert_eq!(open_jobs(&world).await.len(), 2);
            work(&world).await;
            assert!(open_jobs(&world).await.is_empty());
        }
    });
}

#[test]
fn cancelled_hand_over_moves_nobody() {
    run(async |world: World| {
        let ward = Ward::new(&world, 2).await;
        let at = Some(world.app.now().plus(DAY));
        start(&world, request(ward.from.id, ward.to.id, at), &id(1)).await.unwrap();
        // The answer to the first request may have been lost.
        for _ in 0..2 {
            cancel(&world, &id(1)).await.unwrap();
            let Handover { state, moved, left, finished_at, .. } = read(&world, &id(1)).await;
            assert_eq!((state, moved, left), (HandoverState::Cancelled, 0, None));
            assert_eq!(finished_at, Some(world.app.now()));
        }
        assert!(open_jobs(&world).await.is_empty());
        assert!(assign(&world, &ward.from, &world.patient(3).await).await.unwrap());
        world.advance(DAY);
        work(&world).await;
        assert_eq!(ward.moved(&world).await, 0);
        // Another one can begin, and the first one stays cancelled.
        start(&world, request(ward.from.id, ward.to.id, None), &id(2)).await.unwrap();
        cancel(&world, &id(1)).await.unwrap();
        work(&world).await;
        ward.expect_done(&world, &id(2), 3, 0).await;
    });
}

#[test]
fn hand_over_that_has_begun_cannot_be_cancelled() {
    run(async |world: World| {
        let ward = Ward::new(&world, 3).await;
        let unknown = cancel(&world, &id(1)).await;
        assert!(matches!(unknown, Err(StoreError::NotFound(_))), "{unknown:?}");
        start(&world, request(ward.from.id, ward.to.id, None), &id(1)).await.unwrap();
        // The worker begins after the request was read.
        let (store, now) = (world.app.store(), world.app.now());
        let by = steps::grant::<CancelHandover>(store, first(), now, id(1)).await.unwrap();
        work_for(&world, 2).await;
        let lost = store.handovers().cancel(by).await;
        assert!(matches!(lost, Err(StoreError::Contended)), "{lost:?}");
        let refused = cancel(&world, &id(1)).await;
        assert!(is_begun(&refused), "{refused:?}");
        work(&world).await;
        ward.expect_all_moved(&world, &id(1)).await;
        let refused = cancel(&world, &id(1)).await;
        assert!(is_begun(&refused), "{refused:?}");
        ward.expect_all_moved(&world, &id(1)).await;
    });
}

/// The new doctor's own patients are to go to doctor 3.
#[test]
fn hand_over_to_a_doctor_who_hands_over_waits() {
    run(async |world: World| {
        let ward = Ward::new(&world, 3).await;
        let third = world.doctor(3).await;
        let at = Some(world.app.now().plus(DAY));
        start(&world, request(ward.from.id, ward.to.id, None), &id(1)).await.unwrap();
        start(&world, request(ward.to.id, third.id, at), &id(2)).await.unwrap();
        for _ in 0..2 {
            work(&world).await;
            let Handover { state, moved, left, .. } = read(&world, &id(1)).await;
            assert_eq!((state, moved, left), (HandoverState::Running, 0, Some(3)));
        }
        world.advance(DAY);
        // The first run may have begun with the one that waits.
        for _ in 0..2 {
            work(&world).await;
        }
        ward.expect_done(&world, &id(2), 0, 0).await;
        ward.expect_all_moved(&world, &id(1)).await;
    });
}
