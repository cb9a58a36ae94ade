use shared::model::user::Role;
use shared::testing::{Event, Handler, World, checks, json, protected, run};

use super::doctors;

fn handler() -> impl Handler {
    protected(doctors)
}

fn event() -> Event {
    Event::of("mappings-doctors").query(&[])
}

#[test]
fn doctors_are_listed_by_id_with_the_time_of_assignment() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        for n in 1..=5 {
            let doctor = world.doctor(n).await;
            world.assign(&doctor, &patient).await;
        }
        let event = event().path_parameter("patient_id", patient.id);
        let seen = checks::walk(&world, handler(), event, &staff).await;
        assert_eq!(
            seen.iter().map(|record| record["id"].as_u64()).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5].map(Some)
        );
        assert!(seen.iter().all(|record| record["assigned_at"] == "2026-01-31T12:00:00.000Z"));
        assert!(seen.iter().all(|record| record.get("medical_history").is_none()));
    });
}

#[test]
fn patient_without_doctors_has_an_empty_list_and_missing_patient_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().by(&staff);
        world.call(handler(), event.clone()).await.expect_problem(404, "not_found");
        world.patient(1).await;
        let page = world.call(handler(), event).await.expect(200);
        assert_eq!(page, json!({"results": [], "next": null}));
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn hint_only_chooses_what_starts_early() {
    checks::hint_only_chooses_what_starts_early(handler(), event(), "Query");
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), true);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-doctors", &[]);
}
