use std::cmp::Reverse;

use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::user::Role;
use shared::testing::{Actor, Answer, Event, Handler, World, checks, json, protected, run, steps};

use super::list;

fn handler() -> impl Handler {
    protected(list)
}

fn event() -> Event {
    Event::of("disclosures-list")
}

async fn ask(world: &World, by: &Actor, patient: &Patient, query: &[(&str, &str)]) -> Answer {
    let event = event().path_parameter("id", patient.id).query(query).by(by);
    world.call(handler(), event).await
}

#[test]
fn disclosures_of_the_patient_are_listed_newest_first() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let (patient, other) = (world.patient(1).await, world.patient(2).await);
        let mut expected = Vec::new();
        let days = ["2026-01-14", "1999-12-31", "2026-01-14", "2020-02-29", "2026-01-15"];
        for (number, day) in days.into_iter().enumerate() {
            let recipient = format!("Recipient {number}");
            expected.push(world.disclosure(&patient, day, &recipient).await);
        }
        world.disclosure(&other, "2026-01-14", "Another").await;
        expected.sort_by_key(|it| Reverse((it.disclosed_on, it.id.to_string())));
        let event = event().path_parameter("id", patient.id);
        let seen = checks::walk(&world, handler(), event, &admin).await;
        assert_eq!(json!(seen), json!(expected));
        assert_eq!(
            seen[0],
            json!({
                "id": expected[0].id, "patient_id": patient.id, "disclosed_on": "2026-01-15",
                "recipient": "Recipient 4", "recipient_address": null,
                "what": "Test result of 12 January", "purpose": "Duty to report",
                "added_at": "2026-01-31T12:00:00.000Z", "added_by": 1,
            })
        );
    });
}

/// A patient, or whoever speaks for a patient who has died, may ask for them for six years.
#[test]
fn disclosures_of_a_deleted_patient_are_listed() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        world.disclosure(&patient, "2026-01-14", "Health Department").await;
        let before = ask(&world, &admin, &patient, &[]).await.expect(200);
        assert_eq!(before["results"].as_array().unwrap().len(), 1);
        let (store, now) = (world.app.store(), world.app.now());
        let deletion =
            steps::delete::<PatientDetails>(store, patient.id, &Preconditions::NONE, now, || false);
        deletion.await.unwrap();
        assert_eq!(ask(&world, &admin, &patient, &[]).await.expect(200), before);
    });
}

#[test]
fn patient_without_disclosures_has_an_empty_page_and_a_missing_one_is_404() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        let body = ask(&world, &admin, &patient, &[]).await.expect(200);
        assert_eq!(body, json!({"results": [], "next": null}));
        for id in ["2", "0", "abc", "9007199254740992"] {
            let event = event().path_parameter("id", id).by(&admin);
            world.call(handler(), event).await.expect_problem(404, "not_found");
        }
    });
}

#[test]
fn page_has_one_row_in_the_audit_trail() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        world.disclosure(&patient, "2026-01-14", "Health Department").await;
        ask(&world, &admin, &patient, &[]).await.expect(200);
        let rows = world.audit_rows().await;
        assert_eq!(rows.len(), 1);
        let facts = &rows[0].facts;
        assert_eq!((&*facts.operation, &*facts.outcome), ("disclosures-list", "done"));
        assert_eq!((facts.actor, facts.basis.as_deref()), (Some(admin.id()), Some("role")));
        assert!(facts.subjects.patients.iter().eq([&patient.id]));
    });
}

#[test]
fn invalid_parameters_are_named() {
    run(async |world: World| {
        let admin = world.actor(Role::Admin).await;
        let (patient, other) = (world.patient(1).await, world.patient(2).await);
        for recipient in ["One", "Two"] {
            world.disclosure(&patient, "2026-01-14", recipient).await;
        }
        let page = ask(&world, &admin, &patient, &[("limit", "1")]).await.expect(200);
        let next = page["next"].as_str().unwrap();
        let refused = async |patient: &Patient, name: &str, value: &str| {
            let answer = ask(&world, &admin, patient, &[(name, value)]).await;
            let problem = answer.expect_problem(400, "invalid_query");
            assert!(problem["errors"][name].is_array(), "{problem}");
        };
        for (name, value) in [("limit", "0"), ("limit", "101"), ("cursor", "abc"), ("day", "1")] {
            refused(&patient, name, value).await;
        }
        refused(&other, "cursor", next).await;
        let rest = ask(&world, &admin, &patient, &[("cursor", next)]).await.expect(200);
        assert_eq!(rest["results"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn only_administrators_may() {
    run(async |world: World| {
        world.expect_staff_only(handler(), event()).await;
        let (staff, patient) = (world.actor(Role::Staff).await, world.patient(1).await);
        let owner = world.patient_account(&patient).await;
        for actor in [&staff, &owner] {
            let answer = ask(&world, actor, &patient, &[]).await;
            answer.expect_problem(403, "permission_denied");
        }
    });
}

#[test]
fn survives_a_dynamodb_that_fails() {
    checks::survives_faults(async |world| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        world.disclosure(&patient, "2026-01-14", "Health Department").await;
        (handler(), event().path_parameter("id", patient.id).by(&admin))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("disclosures-list", &[]);
}
