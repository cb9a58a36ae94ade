use std::collections::BTreeSet;

use shared::model::user::Role;
use shared::testing::{Event, Handler, World, checks, protected, run};

use super::list;

fn handler() -> impl Handler {
    protected(list)
}

#[test]
fn every_assignment_is_listed_once_with_current_names() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=5 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let seen = checks::walk(&world, handler(), Event::of("mappings-list"), &staff).await;
        assert!(seen.iter().all(|assignment| assignment["patient_name"] == "Jane Roe 001"));
        let doctors: BTreeSet<_> =
            seen.iter().map(|assignment| assignment["doctor_name"].as_str()).collect();
        assert_eq!((seen.len(), doctors.len()), (5, 5));
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), Event::of("mappings-list"));
}

#[test]
fn hint_only_chooses_what_starts_early() {
    checks::hint_only_chooses_what_starts_early(handler(), Event::of("mappings-list"), "Scan");
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), Event::of("mappings-list"), true);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-list", &[]);
}
