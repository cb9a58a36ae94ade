use std::collections::BTreeSet;
use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::user::Role;
use shared::testing::{Actor, Event, Handler, World, checks, json, protected, run};

use super::list;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn handler() -> impl Handler {
    protected(list)
}

fn event() -> Event {
    Event::of("mappings-list").query(&[])
}

/// Returns the ids of doctor and patient of all assignments that an account sees, in order.
async fn pairs(world: &World, actor: &Actor) -> Vec<(u64, u64)> {
    let actor = world.sign_in(actor.user.clone()).await;
    let seen = checks::walk(world, handler(), event(), &actor).await;
    let id = |name: &str, at: usize| seen[at][name].as_u64().unwrap();
    let mut pairs: Vec<_> =
        (0..seen.len()).map(|at| (id("doctor_id", at), id("patient_id", at))).collect();
    pairs.sort_unstable();
    pairs
}

#[test]
fn every_assignment_is_listed_once_with_current_names() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=5 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let seen = checks::walk(&world, handler(), event(), &staff).await;
        assert!(seen.iter().all(|assignment| assignment["patient_name"] == "Jane Roe 001"));
        let doctors: BTreeSet<_> =
            seen.iter().map(|assignment| assignment["doctor_name"].as_str()).collect();
        assert_eq!((seen.len(), doctors.len()), (5, 5));
    });
}

#[test]
fn assignment_is_shown_with_its_terms() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let assignment = world.assign_for(&doctor, &patient, CareRole::Primary, 0..9).await;
        let accounts = [
            world.actor(Role::Staff).await,
            world.doctor_account(&doctor).await,
            world.patient_account(&patient).await,
        ];
        for actor in &accounts {
            let page = world.call(handler(), event().by(actor)).await.expect(200);
            assert_eq!(page, json!({"results": [assignment], "next": null}));
        }
    });
}

#[test]
fn only_assignments_of_now_are_listed() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &world.patient(2).await).await;
        world.assign_for(&doctor, &patient, CareRole::Treating, 0..10).await;
        world.assign_for(&world.doctor(2).await, &patient, CareRole::Treating, 5..20).await;
        let (staff, own) = (world.actor(Role::Staff).await, world.doctor_account(&doctor).await);
        let of_patient = world.patient_account(&patient).await;
        for (days, [all, of_doctor, own_ones]) in [
            (0, [&[(1, 1), (1, 2)][..], &[(1, 1), (1, 2)][..], &[(1, 1)][..]]),
            (5, [&[(1, 1), (1, 2), (2, 1)][..], &[(1, 1), (1, 2)][..], &[(1, 1), (2, 1)][..]]),
            (5, [&[(1, 2), (2, 1)][..], &[(1, 2)][..], &[(2, 1)][..]]),
        ] {
            world.advance(DAY * days);
            assert_eq!(pairs(&world, &staff).await, all);
            assert_eq!(pairs(&world, &own).await, of_doctor);
            assert_eq!(pairs(&world, &of_patient).await, own_ones);
        }
    });
}

#[test]
fn each_account_sees_the_assignments_within_its_reach() {
    run(async |world: World| {
        let doctors = [world.doctor(1).await, world.doctor(2).await];
        let mut patients = Vec::new();
        for n in 1..=4 {
            patients.push(world.patient(n).await);
        }
        for patient in &patients[..3] {
            world.assign(&doctors[0], patient).await;
        }
        for patient in &patients[2..] {
            world.assign(&doctors[1], patient).await;
        }
        world.restrict(&patients[2]).await;
        world.cover(&doctors[1], &doctors[0], 7).await;
        let guardian = world.actor_named("guardian", Role::Patient).await;
        world.proxy(&patients[0], &guardian).await;
        let all = [(1, 1), (1, 2), (1, 3), (2, 3), (2, 4)];
        for (actor, expected) in [
            (world.actor(Role::Admin).await, &all[..]),
            (world.actor(Role::Staff).await, &[(1, 1), (1, 2), (2, 4)][..]),
            // A cover gives access to patients, not to the assignments of the covered doctor.
            (world.doctor_account(&doctors[0]).await, &all[..3]),
            (world.doctor_account(&doctors[1]).await, &all[3..]),
            (world.patient_account(&patients[2]).await, &[(1, 3), (2, 3)][..]),
            (guardian, &[][..]),
        ] {
            assert_eq!(pairs(&world, &actor).await, expected, "{:?}", actor.user.role);
        }
        world.end_assignment(&doctors[1], &patients[3]).await;
        let other = world.patient_account(&patients[3]).await;
        assert!(pairs(&world, &other).await.is_empty());
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn hint_only_chooses_what_starts_early() {
    checks::hint_only_chooses_what_starts_early(handler(), event(), "Scan");
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), true);
}

#[test]
fn list_of_a_doctor_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world: &World| {
        let doctor = world.doctor(1).await;
        world.assign(&doctor, &world.patient(1).await).await;
        (handler(), event().by(&world.doctor_account(&doctor).await))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-list", &[]);
}
