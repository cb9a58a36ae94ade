//! The lists of doctors, patients, their proxies and staff.

use std::time::Duration;

use shared::model::assignment::CareRole;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::proxy::ProxyScope;
use shared::model::record::Edit;
use shared::model::user::{Role, UserChange};
use shared::testing::{Actor, Event, Value, World, checks, json, run, steps};

use super::handler;

const NOBODY: [u64; 0] = [];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Each finds every sample, in one way.
const SEARCHES: [(&str, &str); 4] =
    [("search", "jane"), ("phone", "555-0147"), ("birth_date", "1985-04-12"), ("search", "roe")];

fn event() -> Event {
    Event::of("patients-list").query(&[])
}

/// Returns the ids that a list by these criteria has, read two at a time: by GET and by POST, which have the same.
async fn found(world: &World, actor: &Actor, criteria: &[(&str, &str)]) -> Vec<u64> {
    let actor = world.sign_in(actor.user.clone()).await;
    let mut lists = Vec::new();
    for method in ["GET", "POST"] {
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let event = if method == "GET" {
                let mut query = criteria.to_vec();
                query.push(("limit", "2"));
                query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
                event().query(&query)
            } else {
                let mut body = json!({"limit": 2, "cursor": cursor});
                for (field, value) in criteria {
                    body[field] = json!(value);
                }
                event().method("POST").json(body)
            };
            let page = world.call(handler(), event.by(&actor)).await.expect(200);
            let results = page["results"].as_array().unwrap();
            assert!(results.len() <= 2);
            assert!(results.iter().all(|record| record.get("medical_history").is_none()));
            seen.extend(results.iter().map(|record| record["id"].as_u64().unwrap()));
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        lists.push(seen);
    }
    assert_eq!(lists[0], lists[1], "{criteria:?}");
    lists.swap_remove(0)
}

async fn patients(world: &World, numbers: impl IntoIterator<Item = u32>) -> Vec<Patient> {
    let mut patients = Vec::new();
    for n in numbers {
        patients.push(world.patient(n).await);
    }
    patients
}

async fn change(world: &World, patient: &Patient, fields: Value) {
    let edit: Edit<PatientDetails> = Edit::Merge(fields.as_object().unwrap().clone());
    let (store, now) = (world.app.store(), world.app.now());
    steps::update(store, patient.id, &edit, &Preconditions::NONE, now).await.unwrap();
}

#[test]
fn doctor_sees_the_own_panel_by_name() {
    run(async |world: World| {
        let (doctor, other) = (world.doctor(1).await, world.doctor(2).await);
        // The ids 1 to 6 have the names 6 to 1.
        let patients = patients(&world, (1..=6).rev()).await;
        for patient in &patients[..3] {
            world.assign(&doctor, patient).await;
        }
        world.assign(&other, &patients[3]).await;
        world.assign_for(&doctor, &patients[4], CareRole::Treating, 5..10).await;
        let actor = world.doctor_account(&doctor).await;
        assert_eq!(found(&world, &actor, &[]).await, [3, 2, 1]);
        for search in SEARCHES {
            let mut ids = found(&world, &actor, &[search]).await;
            ids.sort_unstable();
            assert_eq!(ids, [1, 2, 3], "{search:?}");
        }
        world.advance(DAY * 5);
        world.end_assignment(&doctor, &patients[1]).await;
        assert_eq!(found(&world, &actor, &[]).await, [5, 3, 1]);
        world.advance(DAY * 5);
        assert_eq!(found(&world, &actor, &[]).await, [3, 1]);
        assert_eq!(found(&world, &actor, &[("phone", "0147")]).await, [1, 3]);
    });
}

#[test]
fn panel_is_searched_by_every_word_of_every_name() {
    run(async |world: World| {
        let (staff, doctor) = (world.actor(Role::Staff).await, world.doctor(1).await);
        let patients = patients(&world, 1..=4).await;
        for (patient, fields) in patients.iter().zip([
            json!({"first_name": "Siobhán", "last_name": "O’Brien-Großmann"}),
            json!({"first_name": "小龍", "last_name": "王小", "former_names": ["Anna Maria Roe"]}),
            json!({"first_name": null, "last_name": "Suharto"}),
            json!({"first_name": "Suharto", "last_name": "O Brien"}),
        ]) {
            change(&world, patient, fields).await;
        }
        for patient in &patients[..3] {
            world.assign(&doctor, patient).await;
        }
        checks::identify(&world, &staff, &patients[0]).await;
        checks::identify(&world, &staff, &patients[3]).await;
        let actor = world.doctor_account(&doctor).await;
        for (search, expected) in [
            ("siob", &[1][..]),
            ("grossmann", &[1][..]),
            ("o brien", &[1][..]),
            ("gross siobhan", &[1][..]),
            ("g", &[1][..]),
            ("rien", &[][..]),
            ("maria roe", &[2][..]),
            ("roe ann", &[2][..]),
            ("王小龍", &[2][..]),
            ("龍", &[][..]),
            ("suharto", &[3][..]),
            ("nobody", &[][..]),
        ] {
            assert_eq!(found(&world, &actor, &[("search", search)]).await, expected, "{search}");
        }
        let identified = [("identifier", "mrn|a-7")];
        assert_eq!(found(&world, &actor, &identified).await, [1]);
        assert_eq!(found(&world, &actor, &[identified[0], ("search", "suharto")]).await, NOBODY);
    });
}

#[test]
fn search_does_not_say_whether_the_clinic_knows_somebody_else() {
    run(async |world: World| {
        let doctor = world.doctor_account(&world.doctor(1).await).await;
        patients(&world, 1..=3).await;
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        for (field, known, unknown) in
            [("phone", "5550147", "5550148"), ("birth_date", "1985-04-12", "1985-04-13")]
        {
            let answer = async |value: &str| {
                world.calls.take();
                let event = event().query(&[(field, value), ("limit", "1")]).by(&doctor);
                let body = world.call(handler(), event).await.expect(200);
                let mut cost = world.calls.take_cost();
                cost.calls.sort_unstable();
                (body, cost.calls, cost.rounds)
            };
            let nobody = answer(unknown).await;
            assert_eq!(nobody.0, json!({"results": [], "next": null}));
            assert_eq!(answer(known).await, nobody);
        }
    });
}

#[test]
fn covered_panels_are_merged_by_name_without_repetitions() {
    run(async |world: World| {
        let doctors = [world.doctor(1).await, world.doctor(2).await, world.doctor(3).await];
        let patients = patients(&world, 1..=8).await;
        for at in [0, 2, 4, 6] {
            world.assign(&doctors[0], &patients[at]).await;
        }
        for at in [1, 2, 3] {
            world.assign(&doctors[1], &patients[at]).await;
        }
        world.assign_for(&doctors[1], &patients[6], CareRole::Treating, 0..1).await;
        for at in [3, 5] {
            world.assign(&doctors[2], &patients[at]).await;
        }
        let covering = world.doctor_account(&doctors[1]).await;
        assert_eq!(found(&world, &covering, &[]).await, [2, 3, 4, 7]);
        world.advance(DAY);
        assert_eq!(found(&world, &covering, &[]).await, [2, 3, 4]);
        world.cover(&doctors[0], &doctors[1], 7).await;
        world.cover(&doctors[2], &doctors[1], 30).await;
        let all = [1, 2, 3, 4, 5, 6, 7];
        assert_eq!(found(&world, &covering, &[]).await, all);
        for search in SEARCHES {
            let mut ids = found(&world, &covering, &[search]).await;
            ids.sort_unstable();
            assert_eq!(ids, all, "{search:?}");
        }
        world.advance(DAY * 7);
        assert_eq!(found(&world, &covering, &[]).await, [2, 3, 4, 6]);
        // The covered doctor sees nothing more.
        let covered = world.doctor_account(&doctors[2]).await;
        assert_eq!(found(&world, &covered, &[]).await, [4, 6]);
    });
}

#[test]
fn doctors_list_takes_two_rounds() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        for patient in &patients(&world, 1..=3).await {
            world.assign(&doctor, patient).await;
        }
        let actor = world.doctor_account(&doctor).await;
        world.app.verifier().read_keys(world.app.store(), world.app.now()).await.unwrap();
        for (query, rounds) in [
            (&[][..], 2),
            (&[("search", "jane")][..], 2),
            // The rows that give access come between.
            (&[("phone", "5550147")][..], 3),
        ] {
            world.calls.take();
            world.call(handler(), event().query(query).by(&actor)).await.expect(200);
            assert_eq!(world.calls.take_cost().rounds, rounds, "{query:?}");
        }
    });
}

#[test]
fn patient_sees_the_own_record_and_those_represented() {
    run(async |world: World| {
        let patients = patients(&world, (1..=5).rev()).await;
        let actor = world.patient_account(&patients[0]).await;
        for patient in &patients[1..3] {
            world.proxy(patient, &actor).await;
        }
        world.proxy_with(&patients[3], &actor, ProxyScope::Contact).await;
        world.restrict(&patients[1]).await;
        // By name; a proxy for contacts has no list.
        assert_eq!(found(&world, &actor, &[]).await, [3, 2, 1]);
        for search in SEARCHES {
            assert_eq!(found(&world, &actor, &[search]).await, [3, 2, 1], "{search:?}");
        }
        assert_eq!(found(&world, &actor, &[("search", "roe 004")]).await, [2]);
        assert_eq!(found(&world, &actor, &[("search", "nobody")]).await, NOBODY);
        let guardian = world.actor_named("guardian", Role::Patient).await;
        assert_eq!(found(&world, &guardian, &[]).await, NOBODY);
    });
}

#[test]
fn restricted_patients_are_in_no_list_of_staff() {
    run(async |world: World| {
        let (doctor, staff) = (world.doctor(1).await, world.actor(Role::Staff).await);
        let patients = patients(&world, 1..=5).await;
        checks::identify(&world, &staff, &patients[1]).await;
        for patient in &patients {
            world.assign(&doctor, patient).await;
        }
        for at in [1, 3] {
            world.restrict(&patients[at]).await;
        }
        for actor in [&staff, &world.actor(Role::Admin).await] {
            assert_eq!(found(&world, actor, &[]).await, [1, 3, 5]);
            for search in SEARCHES {
                assert_eq!(found(&world, actor, &[search]).await, [1, 3, 5], "{search:?}");
            }
            assert_eq!(found(&world, actor, &[("identifier", "a-7")]).await, NOBODY);
        }
        let own = world.doctor_account(&doctor).await;
        assert_eq!(found(&world, &own, &[]).await, [1, 2, 3, 4, 5]);
        assert_eq!(found(&world, &own, &[("identifier", "a-7")]).await, [2]);
    });
}

#[test]
fn cursor_of_another_role_is_harmless() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        for patient in &patients(&world, 1..=3).await {
            world.assign(&doctor, patient).await;
        }
        let actor = world.doctor_account(&doctor).await;
        for criteria in [&[][..], &[("search", "j")], &[("search", "jane")]] {
            let first = [criteria, &[("limit", "1")]].concat();
            let page = world.call(handler(), event().query(&first).by(&actor)).await.expect(200);
            let cursor = page["next"].as_str().unwrap();
            let second = [criteria, &[("cursor", cursor)]].concat();
            for role in [Role::Staff, Role::Doctor] {
                let change = UserChange { role: Some(role), ..UserChange::default() };
                let (store, now) = (world.app.store(), world.app.now());
                let any = &Preconditions::NONE;
                steps::update_account(store, actor.id(), change, any, now).await.unwrap();
                let page = event().query(&second).by(&actor);
                world.call(handler(), page).await.expect(200);
            }
        }
    });
}

#[test]
fn list_of_a_covering_doctor_survives_a_dynamodb_that_fails() {
    for query in [&[][..], &[("phone", "5550147")]] {
        checks::variant_survives_faults(async |world: &World| {
            let (doctor, covering) = (world.doctor(1).await, world.doctor(2).await);
            world.assign(&doctor, &world.patient(1).await).await;
            world.cover(&doctor, &covering, 7).await;
            let actor = world.doctor_account(&covering).await;
            (handler(), event().query(query).by(&actor))
        });
    }
}

#[test]
fn list_of_a_patient_survives_a_dynamodb_that_fails() {
    checks::variant_survives_faults(async |world: &World| {
        let actor = world.patient_account(&world.patient(1).await).await;
        world.proxy(&world.patient(2).await, &actor).await;
        (handler(), event().by(&actor))
    });
}
