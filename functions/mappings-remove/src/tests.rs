use shared::model::user::Role;
use shared::testing::{Event, Handler, World, checks, json, protected, run};

use super::remove;

fn handler() -> impl Handler {
    protected(remove)
}

/// Returns a POST.
fn event() -> Event {
    Event::of("mappings-remove")
}

#[test]
fn post_and_delete_end_an_assignment() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        let post = event().by(&staff);
        world.assign(&doctor, &patient).await;
        let body = world.call(handler(), post.clone()).await.expect(200);
        assert_eq!(body, json!({"message": "The doctor was removed from the patient."}));
        world.call(handler(), post.clone()).await.expect_problem(404, "not_found");

        let delete = post.method("DELETE").path_parameter("doctor_id", doctor.id).text("");
        world.assign(&doctor, &patient).await;
        world.call(handler(), delete.clone()).await.expect(204);
        world.call(handler(), delete).await.expect_problem(404, "not_found");
    });
}

#[test]
fn body_must_name_the_doctor_only() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().json(json!({"doctor_id": "abc", "patient_id": 1})).by(&staff);
        let problem = world.call(handler(), event).await.expect_problem(400, "invalid_body");
        assert_eq!(
            problem["errors"],
            json!({
                "doctor_id": ["must be a positive integer of at most 9007199254740991"],
                "patient_id": ["is not a field of this request"],
            })
        );
    });
}

#[test]
fn only_staff_may() {
    checks::only_staff_may(handler(), event());
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults_at_work(handler(), event(), true);
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-remove", &[]);
}
