use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::user::Role;
use shared::testing::{Actor, Event, Handler, Value, World, checks, json, protected, run};

use super::patients;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn handler() -> impl Handler {
    protected(patients)
}

fn event() -> Event {
    Event::of("mappings-patients").query(&[])
}

/// Returns all results of the list of doctor 1 with these parameters, read two at a time.
async fn listed(world: &World, actor: &Actor, parameters: &[(&str, &str)]) -> Vec<Value> {
    let actor = world.sign_in(actor.user.clone()).await;
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = parameters.to_vec();
        query.push(("limit", "2"));
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = world.call(handler(), event().query(&query).by(&actor)).await.expect(200);
        let results = page["results"].as_array().unwrap();
        assert!(results.len() <= 2);
        seen.extend(results.iter().cloned());
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return seen;
        }
    }
}

async fn ids(world: &World, actor: &Actor, parameters: &[(&str, &str)]) -> Vec<u64> {
    let found = listed(world, actor, parameters).await;
    found.iter().map(|record| record["id"].as_u64().unwrap()).collect()
}

#[test]
fn patients_are_listed_by_name_with_their_assignments() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let doctor = world.doctor(1).await;
        for n in [3, 5, 1, 4, 2] {
            let patient = world.patient(n).await;
            world.assign(&doctor, &patient).await;
        }
        let event = event().path_parameter("id", doctor.id);
        let seen = checks::walk(&world, handler(), event, &staff).await;
        let names: Vec<_> = seen.iter().map(|it| it["last_name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Roe 001", "Roe 002", "Roe 003", "Roe 004", "Roe 005"]);
        for record in &seen {
            assert_eq!(record["assigned_at"], "2026-01-31T12:00:00.000Z");
            assert_eq!(record["assignment"]["starts_at"], "2026-01-31T12:00:00.000Z");
            assert_eq!(record["assignment"]["role"], "treating");
            assert_eq!(record.get("medical_history"), None);
        }
    });
}

#[test]
fn doctor_without_patients_has_an_empty_list_and_missing_doctor_is_404() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let event = event().by(&staff);
        world.call(handler(), event.clone()).await.expect_problem(404, "not_found");
        world.doctor(1).await;
        let page = world.call(handler(), event).await.expect(200);
        assert_eq!(page, json!({"results": [], "next": null}));
    });
}

#[test]
fn only_assignments_of_now_are_listed() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let patients = [world.patient(1).await, world.patient(2).await, world.patient(3).await];
        world.assign(&doctor, &patients[0]).await;
        world.assign_for(&doctor, &patients[1], CareRole::Consulting, 0..10).await;
        world.assign_for(&doctor, &patients[2], CareRole::Primary, 5..20).await;
        let actors = [world.actor(Role::Staff).await, world.doctor_account(&doctor).await];
        for (days, expected) in [(0, &[1, 2][..]), (5, &[1, 2, 3][..]), (5, &[1, 3][..])] {
            world.advance(DAY * days);
            for actor in &actors {
                assert_eq!(ids(&world, actor, &[]).await, expected);
            }
        }
    });
}

#[test]
fn staff_see_the_past_and_the_future() {
    run(async |world: World| {
        let (staff, doctor) = (world.actor(Role::Staff).await, world.doctor(1).await);
        let patients = [world.patient(1).await, world.patient(2).await, world.patient(3).await];
        world.assign(&doctor, &patients[2]).await;
        world.assign_for(&doctor, &patients[1], CareRole::Primary, 15..20).await;
        let error = world.assign(&doctor, &patients[0]).await;
        world.advance(DAY * 10);
        world.end_assignment(&doctor, &patients[2]).await;
        world.advance(DAY);
        world.void_assignment(&error).await;
        for (moment, expected) in [
            ("2026-01-31T11:59:59.999Z", &[][..]),
            ("2026-01-31T12:00:00Z", &[3][..]),
            ("2026-02-10T12:00:00Z", &[][..]),
            ("2026-02-15T12:00:00Z", &[2][..]),
            ("2026-02-20T12:00:00Z", &[][..]),
        ] {
            assert_eq!(ids(&world, &staff, &[("as_of", moment)]).await, expected, "{moment}");
        }
        let history = listed(&world, &staff, &[("history", "true")]).await;
        let seen: Vec<_> =
            history.iter().map(|it| (&it["id"], &it["assignment"]["ends_at"])).collect();
        let [next, ended, voided] =
            ["2026-02-20T12:00:00.000Z", "2026-02-10T12:00:00.000Z", "2026-02-11T12:00:00.000Z"]
                .map(|end| json!(end));
        assert_eq!(seen, [(&json!(2), &next), (&json!(3), &ended), (&json!(1), &voided)]);
        assert_eq!(history[2]["assignment"]["voided"]["reason"], "mistake");
        assert_eq!(ids(&world, &staff, &[("history", "true"), ("role", "primary")]).await, [2]);
    });
}

#[test]
fn doctor_sees_the_past_of_current_patients_only() {
    run(async |world: World| {
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        let patients = [world.patient(1).await, world.patient(2).await, world.patient(3).await];
        // A current patient with a past, a past patient, and a future one.
        world.assign(&doctor, &patients[0]).await;
        world.assign(&doctor, &patients[1]).await;
        world.assign_for(&doctor, &patients[2], CareRole::Treating, 50..60).await;
        world.advance(DAY * 10);
        world.end_assignment(&doctor, &patients[0]).await;
        world.end_assignment(&doctor, &patients[1]).await;
        world.advance(DAY);
        world.assign(&doctor, &patients[0]).await;
        world.cover(&doctor, &covering, 7).await;
        for own in [world.doctor_account(&doctor).await, world.doctor_account(&covering).await] {
            assert_eq!(ids(&world, &own, &[]).await, [1]);
            assert_eq!(ids(&world, &own, &[("history", "true")]).await, [1, 1]);
            let before = [("as_of", "2026-02-01T12:00:00Z")];
            assert_eq!(ids(&world, &own, &before).await, [1]);
            let later = [("as_of", "2026-03-25T12:00:00Z")];
            assert_eq!(ids(&world, &own, &later).await, [1]);
        }
        let staff = world.actor(Role::Staff).await;
        assert_eq!(ids(&world, &staff, &[("history", "true")]).await, [1, 3, 1, 2]);
    });
}

#[test]
fn restricted_patients_are_listed_for_their_doctors_only() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let patients = [world.patient(1).await, world.patient(2).await, world.patient(3).await];
        for patient in &patients {
            world.assign(&doctor, patient).await;
        }
        world.advance(DAY);
        world.end_assignment(&doctor, &patients[2]).await;
        // One who is restricted while the doctor has the patient, and one who is afterwards.
        world.restrict(&patients[1]).await;
        world.restrict(&patients[2]).await;
        for role in [Role::Staff, Role::Admin] {
            let actor = world.actor(role).await;
            for when in [&[][..], &[("history", "true")], &[("as_of", "2026-01-31T12:00:00Z")]] {
                assert_eq!(ids(&world, &actor, when).await, [1], "{when:?}");
            }
        }
        let own = world.doctor_account(&doctor).await;
        assert_eq!(ids(&world, &own, &[]).await, [1, 2]);
    });
}

#[test]
fn doctor_hears_of_an_invalid_query() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        let own = world.doctor_account(&doctor).await;
        let event = event().path_parameter("id", doctor.id).query(&[("as_of", "yesterday")]);
        let answer = world.call(handler(), event.by(&own)).await;
        let problem = answer.expect_problem(400, "invalid_query");
        assert!(problem["errors"]["as_of"].is_array(), "{problem}");
    });
}

#[test]
fn only_the_doctor_and_covers_see_a_panel() {
    run(async |world: World| {
        let doctors = [world.doctor(1).await, world.doctor(2).await, world.doctor(3).await];
        let patient = world.patient(1).await;
        world.assign(&doctors[0], &patient).await;
        world.cover(&doctors[0], &doctors[1], 7).await;
        let covering = world.doctor_account(&doctors[1]).await;
        for actor in [&world.doctor_account(&doctors[0]).await, &covering] {
            assert_eq!(ids(&world, actor, &[]).await, [1]);
        }
        for actor in
            [world.doctor_account(&doctors[2]).await, world.patient_account(&patient).await]
        {
            let refusal = async |id: &str| {
                let event = event().path_parameter("id", id).by(&actor);
                world.call(handler(), event).await.expect_problem(403, "not_assigned")
            };
            let unrelated = refusal("1").await;
            assert_eq!(refusal("999").await, unrelated);
            assert_eq!(refusal("abc").await, unrelated);
        }
        world.advance(DAY * 7);
        let later = world.sign_in(covering.user).await;
        let answer = world.call(handler(), event().by(&later)).await;
        answer.expect_problem(403, "not_assigned");
    });
}

#[test]
fn page_costs_the_same_in_a_larger_panel() {
    run(async |world: World| {
        let (staff, doctor) = (world.actor(Role::Staff).await, world.doctor(1).await);
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        let mut costs = Vec::new();
        for patients in [1..=5, 6..=40] {
            for n in patients {
                world.assign(&doctor, &world.patient(n).await).await;
            }
            world.calls.take();
            let event = event().query(&[("limit", "5")]).by(&staff);
            let page = world.call(handler(), event).await.expect(200);
            assert_eq!(page["results"].as_array().unwrap().len(), 5);
            costs.push(world.calls.take_cost());
        }
        assert_eq!(costs[0], costs[1]);
        assert_eq!(costs[0].rounds, 2);
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
fn history_for_a_covering_doctor_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world: &World| {
        let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
        let patient = world.patient(1).await;
        world.assign(&doctor, &patient).await;
        world.end_assignment(&doctor, &patient).await;
        world.cover(&doctor, &covering, 7).await;
        let event = event().query(&[("history", "true")]);
        (handler(), event.by(&world.doctor_account(&covering).await))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-patients", &[]);
}
