use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::user::Role;
use shared::testing::{Actor, Event, Handler, Value, World, checks, json, protected, run};

use super::doctors;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn handler() -> impl Handler {
    protected(doctors)
}

fn event() -> Event {
    Event::of("mappings-doctors").query(&[])
}

/// Returns all results of the list of patient 1 with these parameters, read two at a time.
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
fn doctors_are_listed_by_id_with_their_assignments() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let patient = world.patient(1).await;
        let mut expected = Vec::new();
        for n in 1..=5 {
            let doctor = world.doctor(n).await;
            let assignment = world.assign(&doctor, &patient).await;
            let mut record = json!(doctor);
            record["assigned_at"] = json!("2026-01-31T12:00:00.000Z");
            record["assignment"] = json!(assignment.terms);
            expected.push(record);
        }
        let event = event().path_parameter("patient_id", patient.id);
        let seen = checks::walk(&world, handler(), event, &staff).await;
        assert_eq!(seen, expected);
        assert_eq!(seen[0]["assignment"]["role"], "treating");
        assert_eq!(seen[0]["assignment"]["ends_at"], Value::Null);
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
fn only_assignments_of_now_are_listed() {
    run(async |world: World| {
        let (staff, patient) = (world.actor(Role::Staff).await, world.patient(1).await);
        let doctors = [world.doctor(1).await, world.doctor(2).await, world.doctor(3).await];
        world.assign(&doctors[0], &patient).await;
        world.assign_for(&doctors[1], &patient, CareRole::Consulting, 0..10).await;
        world.assign_for(&doctors[2], &patient, CareRole::Primary, 5..20).await;
        let now = async |parameters: &[(&str, &str)]| ids(&world, &staff, parameters).await;
        assert_eq!(now(&[]).await, [1, 2]);
        world.advance(DAY * 5);
        assert_eq!(now(&[]).await, [1, 2, 3]);
        assert_eq!(now(&[("role", "primary")]).await, [3]);
        assert_eq!(now(&[("role", "treating"), ("history", "false")]).await, [1]);
        world.advance(DAY * 5);
        assert_eq!(now(&[]).await, [1, 3]);
        // Nothing has changed meanwhile: a period that is over is a past one without a change.
        assert_eq!(now(&[("history", "true")]).await, [1, 2, 3]);
    });
}

#[test]
fn as_of_shows_what_is_recorded_for_a_moment() {
    run(async |world: World| {
        let (staff, patient) = (world.actor(Role::Staff).await, world.patient(1).await);
        let doctors = [world.doctor(1).await, world.doctor(2).await, world.doctor(3).await];
        world.assign(&doctors[0], &patient).await;
        world.assign_for(&doctors[1], &patient, CareRole::Primary, 15..20).await;
        world.advance(DAY * 10);
        world.end_assignment(&doctors[0], &patient).await;
        world.advance(DAY * 2);
        world.assign(&doctors[0], &patient).await;
        let error = world.assign(&doctors[2], &patient).await;
        world.advance(DAY);
        world.void_assignment(&error).await;
        for (moment, expected) in [
            ("2026-01-31T11:59:59.999Z", &[][..]),
            ("2026-01-31T12:00:00Z", &[1][..]),
            ("2026-01-31T13:00:00+01:00", &[1][..]),
            ("2026-02-10T11:59:59.999999Z", &[1][..]),
            // An end is exclusive, and a start is inclusive.
            ("2026-02-10T12:00:00Z", &[][..]),
            ("2026-02-12T12:00:00Z", &[1][..]),
            ("2026-02-15T12:00:00Z", &[1, 2][..]),
            ("2026-02-20T12:00:00Z", &[1][..]),
            ("9999-12-01T00:00:00Z", &[1][..]),
        ] {
            assert_eq!(ids(&world, &staff, &[("as_of", moment)]).await, expected, "{moment}");
        }
        let primary = [("as_of", "2026-02-15T12:00:00Z"), ("role", "primary")];
        assert_eq!(ids(&world, &staff, &primary).await, [2]);
    });
}

#[test]
fn history_has_all_assignments_with_the_past_ones_by_their_end() {
    run(async |world: World| {
        let (staff, patient) = (world.actor(Role::Staff).await, world.patient(1).await);
        let doctors = [world.doctor(1).await, world.doctor(2).await, world.doctor(3).await];
        let first = world.assign(&doctors[1], &patient).await;
        let error = world.assign(&doctors[0], &patient).await;
        world.assign_for(&doctors[2], &patient, CareRole::Treating, 50..60).await;
        world.advance(DAY);
        world.end_assignment(&doctors[1], &patient).await;
        world.advance(DAY);
        world.void_assignment(&error).await;
        world.advance(DAY);
        world.assign(&doctors[1], &patient).await;

        let seen = listed(&world, &staff, &[("history", "true")]).await;
        let ids: Vec<_> = seen.iter().map(|record| record["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, [2, 3, 2, 1]);
        let terms = |at: usize| &seen[at]["assignment"];
        assert_eq!(terms(0)["ends_at"], Value::Null);
        for name in ["ended_by", "end_reason", "voided"] {
            assert_eq!(terms(0).get(name), None);
        }
        assert_eq!(terms(2)["id"], json!(first.terms.id));
        assert_eq!(terms(2)["ends_at"], "2026-02-01T12:00:00.000Z");
        assert_eq!(terms(2)["ended_by"], 1);
        let voided = json!({"at": "2026-02-02T12:00:00.000Z", "by": 1, "reason": "mistake"});
        assert_eq!((&terms(3)["id"], &terms(3)["voided"]), (&json!(error.terms.id), &voided));
        let primary = [("history", "true"), ("role", "primary")];
        assert_eq!(listed(&world, &staff, &primary).await, [] as [Value; 0]);
    });
}

#[test]
fn invalid_parameters_are_named() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        world.patient(1).await;
        let moment = ("as_of", "2026-01-31T12:00:00Z");
        for (query, field) in [
            (&[("as_of", "yesterday")][..], "as_of"),
            (&[("as_of", "2026-01-31T12:00:00")][..], "as_of"),
            (&[("as_of", "2026-01-31T13:00:00 01:00")][..], "as_of"),
            (&[("history", "yes")][..], "history"),
            (&[("history", "true"), moment][..], "history"),
            (&[("role", "chief")][..], "role"),
            (&[("roles", "primary")][..], "roles"),
        ] {
            let answer = world.call(handler(), event().query(query).by(&staff)).await;
            let problem = answer.expect_problem(400, "invalid_query");
            let fields: Vec<_> = problem["errors"].as_object().unwrap().keys().collect();
            assert_eq!(fields, [field], "{query:?}");
        }
        for query in [&[("history", "false"), moment][..], &[("as_of", ""), ("history", "true")]] {
            world.call(handler(), event().query(query).by(&staff)).await.expect(200);
        }
    });
}

#[test]
fn cursor_of_other_episodes_is_refused() {
    run(async |world: World| {
        let (staff, patient) = (world.actor(Role::Staff).await, world.patient(1).await);
        for n in 1..=2 {
            world.assign(&world.doctor(n).await, &patient).await;
        }
        let lists = [
            &[][..],
            &[("history", "true")],
            &[("role", "treating")],
            &[("as_of", "2026-02-01T12:00:00Z")],
            &[("as_of", "2026-02-02T12:00:00Z")],
        ];
        for list in lists {
            let first = [list, &[("limit", "1")]].concat();
            let page = world.call(handler(), event().query(&first).by(&staff)).await.expect(200);
            let next = page["next"].as_str().unwrap();
            for other in lists {
                let query = [other, &[("cursor", next)]].concat();
                let answer = world.call(handler(), event().query(&query).by(&staff)).await;
                if other == list {
                    answer.expect(200);
                } else {
                    answer.expect_problem(400, "invalid_query");
                }
            }
        }
    });
}

#[test]
fn accounts_who_see_the_patient_see_the_doctors() {
    run(async |world: World| {
        let doctors = [world.doctor(1).await, world.doctor(2).await, world.doctor(3).await];
        let (patient, other) = (world.patient(1).await, world.patient(2).await);
        world.assign(&doctors[0], &patient).await;
        world.assign(&doctors[2], &other).await;
        world.cover(&doctors[0], &doctors[1], 7).await;
        let guardian = world.actor_named("guardian", Role::Patient).await;
        world.proxy(&patient, &guardian).await;
        let accounts = [
            (world.doctor_account(&doctors[0]).await, true),
            (world.doctor_account(&doctors[1]).await, true),
            (world.patient_account(&patient).await, false),
            (guardian, false),
        ];
        for (actor, sees_internal) in &accounts {
            for when in [&[][..], &[("history", "true")]] {
                let seen = listed(&world, actor, when).await;
                assert_eq!(seen.len(), 1);
                for name in ["license_number", "email"] {
                    assert_eq!(seen[0].get(name).is_some(), *sees_internal, "{name}");
                }
                assert!(seen[0]["phone_number"].is_string());
            }
        }
        for actor in [world.doctor_account(&doctors[2]).await, world.patient_account(&other).await]
        {
            let refusal = async |id: &str| {
                let event = event().path_parameter("patient_id", id).by(&actor);
                world.call(handler(), event).await.expect_problem(403, "not_assigned")
            };
            let unrelated = refusal("1").await;
            assert_eq!(refusal("999").await, unrelated);
            assert_eq!(refusal("abc").await, unrelated);
        }
        world.restrict(&patient).await;
        let staff = world.actor(Role::Staff).await;
        let answer = world.call(handler(), event().by(&staff)).await;
        answer.expect_problem(403, "restricted");
        assert_eq!(ids(&world, &accounts[0].0, &[]).await, [1]);
    });
}

#[test]
fn every_list_takes_two_rounds() {
    run(async |world: World| {
        let (doctor, patient) = (world.doctor(1).await, world.patient(1).await);
        world.assign(&doctor, &patient).await;
        world.assign(&world.doctor(2).await, &patient).await;
        world.end_assignment(&doctor, &patient).await;
        world.assign(&doctor, &patient).await;
        let actors = [world.actor(Role::Staff).await, world.doctor_account(&doctor).await];
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        for actor in &actors {
            for (query, queries) in [(&[][..], 1), (&[("history", "true")][..], 2)] {
                world.calls.take();
                world.call(handler(), event().query(query).by(actor)).await.expect(200);
                let cost = world.calls.take_cost();
                assert_eq!((cost.rounds, cost.calls.len()), (2, queries + 2), "{cost:?}");
            }
        }
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
        world.assign(&doctor, &world.patient(1).await).await;
        world.cover(&doctor, &covering, 7).await;
        let event = event().query(&[("history", "true")]);
        (handler(), event.by(&world.doctor_account(&covering).await))
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("mappings-doctors", &[]);
}
