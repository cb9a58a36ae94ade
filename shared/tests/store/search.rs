//! Searches: which records they find, in which pages, and the rows that they read.

use std::collections::BTreeSet;

use shared::model::doctor::DoctorDetails;
use shared::model::id::{Id, PatientId};
use shared::model::page::Paging;
use shared::model::patient::{Patient, PatientDetails};
use shared::model::precondition::Preconditions;
use shared::model::record::{Details, Edit};
use shared::model::search::Criteria;
use shared::store::{Position, StoreError, is_position};
use shared::testing::{RECORD_SETTINGS, Sample, Value, World, json, run, steps};
use tokio::task::JoinSet;

use crate::rows;

const KINDS: [&str; 5] = ["BORN#", "IDENTIFIER#", "NAME#", "PHONE#", "SPECIALTY#"];

/// Returns the details of the first sample with these fields.
fn patient(world: &World, fields: &Value) -> PatientDetails {
    let mut body = PatientDetails::sample(1).as_object().unwrap().clone();
    body.extend(fields.as_object().unwrap().clone());
    PatientDetails::parse(body, &RECORD_SETTINGS.intake(world.app.now())).unwrap()
}

async fn register(world: &World, fields: Value) -> PatientId {
    let details = patient(world, &fields);
    steps::create(world.app.store(), details, None, world.app.now()).await.unwrap().id
}

async fn named(world: &World, first: &str, last: &str) -> PatientId {
    register(world, json!({"first_name": first, "last_name": last})).await
}

fn criteria(fields: Value) -> Criteria {
    Criteria::parse(fields.as_object().unwrap(), PatientDetails::SEARCH_FIELDS).unwrap()
}

/// Returns the ids of all pages of a search.
async fn pages(world: &World, criteria: &Criteria, limit: i32) -> Vec<PatientId> {
    let (mut found, mut after): (Vec<PatientId>, Option<Position>) = (Vec::new(), None);
    loop {
        let paging = Paging { limit, after };
        let store = world.app.store();
        let page = steps::list::<PatientDetails>(store, criteria.clone(), paging).await.unwrap();
        assert!(page.results.len() <= usize::try_from(limit).unwrap());
        found.extend(page.results.iter().map(|patient| patient.id));
        after = page.next;
        let Some(position) = &after else { return found };
        assert!(is_position::<PatientDetails>(criteria, position), "{position:?}");
    }
}

async fn found(world: &World, fields: Value) -> Vec<PatientId> {
    pages(world, &criteria(fields), 50).await
}

#[test]
fn names_are_found_by_their_words() {
    run(async |world: World| {
        let maria = named(&world, "María", "de la Cruz").await;
        let anna = named(&world, "Anna Maria", "Schmidt").await;
        let obrien = named(&world, "Niall", "O’Brien-Großmann").await;
        let wang = named(&world, "小明", "王").await;
        let mononym = register(&world, json!({"first_name": null, "last_name": "Suharto"})).await;
        let married =
            register(&world, json!({"last_name": "Roe", "former_names": ["Jane Garcia"]})).await;
        for (search, expected) in [
            ("la cruz", vec![maria]),
            ("MARIA", vec![maria, anna]),
            ("cruz maria", vec![maria]),
            ("de la", vec![maria]),
            ("anna schmidt", vec![anna]),
            ("schm ann", vec![anna]),
            ("ann mar schm", vec![anna]),
            ("schmidt anna maria", vec![anna]),
            ("O'Brien", vec![obrien]),
            ("grossmann", vec![obrien]),
            ("obrien gross", vec![obrien]),
            ("王", vec![wang]),
            ("王 小明", vec![wang]),
            ("小", vec![wang]),
            ("suh", vec![mononym]),
            ("garcia", vec![married]),
            ("garcia jane", vec![married]),
            ("roe jane", vec![married]),
            // One letter: last names that begin with it.
            ("s", vec![anna, mononym]),
            ("o", vec![obrien]),
            ("j", vec![]),
            // A letter beside a word.
            ("s anna", vec![anna]),
            ("m maria", vec![]),
            // No word of a name is part of another one, and former names are not mixed with the current one.
            ("ruz", vec![]),
            ("garcia roe", vec![]),
            ("maria maria", vec![]),
        ] {
            let ids = found(&world, json!({ "search": search })).await;
            assert_eq!(BTreeSet::from_iter(&ids), BTreeSet::from_iter(&expected), "{search}");
            assert_eq!(ids.len(), expected.len(), "{search}");
        }
    });
}

#[test]
fn birth_dates_phones_and_identifiers_are_found() {
    run(async |world: World| {
        let identifiers = json!([{"system": "MRN", "value": "A-7"}]);
        let day = register(
            &world,
            json!({"date_of_birth": "1985-04-12", "contact_number": "+12025550147", "identifiers": identifiers}),
        )
        .await;
        let month = register(
            &world,
            json!({
                "date_of_birth": "1985-04", "contact_number": "112", "emergency_number": "+12025550199",
                "identifiers": [{"system": "NHS", "value": "A-7"}, {"system": "MRN", "value": "8"}],
            }),
        )
        .await;
        let year = register(&world, json!({"date_of_birth": "1985", "contact_number": null})).await;
        let unknown =
            register(&world, json!({"date_of_birth": null, "contact_number": "+12025550147"}));
        let unknown = unknown.await;
        for (fields, expected) in [
            (json!({"birth_date": "1985-04-12"}), vec![day, month, year]),
            (json!({"birth_date": "1985-04"}), vec![month, day, year]),
            (json!({"birth_date": "1985"}), vec![year, month, day]),
            (json!({"birth_date": "1985-04-13"}), vec![month, year]),
            (json!({"birth_date": "1985-05"}), vec![year]),
            (json!({"birth_date": "1986"}), vec![]),
            (json!({"phone": "0147"}), vec![day, unknown]),
            (json!({"phone": "(202) 555-0199"}), vec![month]),
            (json!({"phone": "0148"}), vec![]),
            (json!({"identifier": "a-7"}), vec![day, month]),
            (json!({"identifier": "nhs|A-7"}), vec![month]),
            (json!({"identifier": "NHS|8"}), vec![]),
            // All criteria hold.
            (json!({"identifier": "A-7", "phone": "0147"}), vec![day]),
            (json!({"phone": "0147", "birth_date": "1985"}), vec![day]),
            (json!({"birth_date": "1985", "search": "jane"}), vec![year, month, day]),
            (json!({"birth_date": "1985", "search": "ada"}), vec![]),
            (json!({"phone": "0147", "search": "j"}), vec![day, unknown]),
        ] {
            assert_eq!(found(&world, fields.clone()).await, expected, "{fields}");
        }
    });
}

#[test]
fn doctors_are_found_by_their_specialization() {
    run(async |world: World| {
        let doctor = world.doctor(1).await;
        for (text, count) in
            [("medicine", 1), ("internal med", 1), ("INT", 1), ("m", 1), ("cine", 0), ("x", 0)]
        {
            let fields = json!({ "specialization": text });
            let criteria =
                Criteria::parse(fields.as_object().unwrap(), DoctorDetails::SEARCH_FIELDS).unwrap();
            let paging = Paging { limit: 50, after: None };
            let store = world.app.store();
            let page = steps::list::<DoctorDetails>(store, criteria, paging).await.unwrap();
            assert!(page.results.iter().all(|found| found.id == doctor.id), "{text}");
            assert_eq!(page.results.len(), count, "{text}");
        }
    });
}

/// Compares searches with a filter of all records, whatever the size of a page.
#[test]
fn pages_repeat_nothing_and_lose_nothing() {
    run(async |world: World| {
        const WORDS: [&str; 6] = ["ann", "anna", "maria", "mar", "li", "王"];
        let word = || WORDS[fastrand::usize(..WORDS.len())];
        let name = |words: usize| (0..words).map(|_| word()).collect::<Vec<_>>().join(" ");
        let mut patients: Vec<Patient> = Vec::new();
        for _ in 0..24 {
            let dates = [json!(null), json!("1985"), json!("1985-04"), json!("1985-04-12")];
            let former: Vec<String> =
                (0..fastrand::usize(..3)).map(|_| name(1 + fastrand::usize(..3))).collect();
            let details = patient(
                &world,
                &json!({
                    "first_name": name(1 + fastrand::usize(..2)), "last_name": name(1 + fastrand::usize(..2)),
                    "former_names": former, "date_of_birth": dates[fastrand::usize(..4)],
                }),
            );
            let created = steps::create(world.app.store(), details, None, world.app.now());
            patients.push(created.await.unwrap());
        }
        let mut searches: Vec<Value> = (0..8).map(|n| json!({"search": name(1 + n % 3)})).collect();
        searches.push(json!({"birth_date": "1985-04-12"}));
        searches.push(json!({"birth_date": "1985-04", "search": "anna"}));
        searches.push(json!({}));
        for fields in searches {
            let criteria = criteria(fields.clone());
            let is_found = |patient: &&Patient| criteria.matches(&patient.details.search_terms());
            let expected: BTreeSet<_> = patients.iter().filter(is_found).map(|it| it.id).collect();
            for limit in 1..=5 {
                let found = pages(&world, &criteria, limit).await;
                assert_eq!(BTreeSet::from_iter(found.clone()), expected, "{fields} by {limit}");
                assert_eq!(found.len(), expected.len(), "{fields} by {limit} repeats");
            }
        }
    });
}

#[test]
fn only_positions_of_the_search_are_accepted() {
    let search = criteria(json!({"search": "anna schmidt"}));
    let end = "\u{1f}0000000000000001";
    let accepts = |stream: usize, sk: &str| {
        is_position::<PatientDetails>(&search, &(stream, format!("{sk}{end}")))
    };
    assert!(accepts(0, "anna schmidt") && accepts(1, "schmidt anna maria"));
    assert!(accepts(2, "annaschmidt") && accepts(3, "schmidt"));
    for (stream, sk) in [(0, "schmidt anna"), (1, "schmidt"), (4, "schmidt"), (0, "")] {
        assert!(!accepts(stream, sk), "{stream} {sk}");
    }
    assert!(!accepts(3, &format!("schmidt{}", "x".repeat(1024))));
    for sk in ["schmidt", "schmidt\u{1f}", "schmidt\u{1f}0", "schmidt\u{1f}x"] {
        assert!(!is_position::<PatientDetails>(&search, &(3, sk.to_owned())), "{sk}");
    }
    let all = Criteria::default();
    assert!(is_position::<PatientDetails>(&all, &(0, format!("a{end}"))));
    assert!(!is_position::<PatientDetails>(&all, &(1, format!("a{end}"))));
}

async fn index_rows(world: &World) -> BTreeSet<(String, String)> {
    rows(world, |pk, _| KINDS.iter().any(|kind| pk.starts_with(kind))).await
}

/// Returns the id of the record that a row belongs to.
fn owner(sk: &str) -> PatientId {
    sk.rsplit('\u{1f}').next().and_then(|id| PatientId::new(id.parse().ok()?)).unwrap()
}

#[test]
fn renaming_and_deletion_remove_rows() {
    run(async |world: World| {
        let id = named(&world, "Anna", "Schmidt").await;
        let (store, now) = (world.app.store(), world.app.now());
        let rename = json!({"last_name": "Meyer", "former_names": ["Anna Schmidt"]});
        let edit: Edit<PatientDetails> = Edit::Merge(rename.as_object().unwrap().clone());
        steps::update(store, id, &edit, &Preconditions::NONE, now).await.unwrap();
        for search in ["meyer", "schmidt", "anna"] {
            assert_eq!(found(&world, json!({ "search": search })).await, [id], "{search}");
        }
        let forget = json!({"former_names": []});
        let edit: Edit<PatientDetails> = Edit::Merge(forget.as_object().unwrap().clone());
        steps::update(store, id, &edit, &Preconditions::NONE, now).await.unwrap();
        assert!(found(&world, json!({"search": "schmidt"})).await.is_empty());
        let names = rows(&world, |pk, _| pk.starts_with("NAME#")).await;
        assert_eq!(names.len(), 2, "{names:?}");
        steps::delete::<PatientDetails>(store, id, &Preconditions::NONE, now, || false)
            .await
            .unwrap();
        assert!(index_rows(&world).await.is_empty());
    });
}

/// 32 clients create, rename and delete the same few people. Afterwards every row has its record, and every record its
/// rows.
#[test]
fn rows_and_records_agree_after_races() {
    run(async |world: World| {
        let now = world.app.now();
        for n in 0..4 {
            world.patient(n).await;
        }
        let details = patient(&world, &json!({"last_name": "Racer"}));
        let mut tasks = JoinSet::new();
        for client in 0..32_u64 {
            let (store, details) = (world.app.store().clone(), details.clone());
            tasks.spawn(async move {
                for round in 0..3 {
                    let id = PatientId::new(1 + (client + round) % 8).unwrap();
                    match (client + round) % 4 {
                        0 => {
                            steps::create(&store, details.clone(), None, now).await.unwrap();
                        }
                        3 if round == 2 => {
                            let any = Preconditions::NONE;
                            let deleted =
                                steps::delete::<PatientDetails>(&store, id, &any, now, || false);
                            expected_loss(deleted.await);
                        }
                        _ => {
                            let number = format!("+1202555{:04}", client * 10 + round);
                            let change = json!({
                                "last_name": format!("Racer {client} {round}"), "contact_number": number,
                                "date_of_birth": format!("19{:02}", 50 + client),
                            });
                            let edit: Edit<PatientDetails> =
                                Edit::Merge(change.as_object().unwrap().clone());
                            let edited = steps::update(&store, id, &edit, &Preconditions::NONE, now).await;
                            expected_loss(edited.map(|_| ()));
                        }
                    }
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
        let mut left = index_rows(&world).await;
        let (mut number, mut records) = (1, 0);
        while let Some(id) = PatientId::new(number).filter(|_| number <= 64) {
            number += 1;
            let record = steps::record::<PatientDetails>(world.app.store(), id).await.unwrap();
            let of_record: BTreeSet<_> =
                left.iter().filter(|(_, sk)| owner(sk) == id).cloned().collect();
            left.retain(|row| !of_record.contains(row));
            let Some(record) = record else {
                assert!(of_record.is_empty(), "{of_record:?}");
                continue;
            };
            records += 1;
            let terms = record.details.search_terms();
            let born = terms.birth_date.unwrap().to_string();
            let phone: String = terms.phones[0].chars().rev().collect();
            let words = terms.name.split(' ').count();
            let has = |kind: &str, value: &str| {
                of_record.iter().any(|(pk, sk)| {
                    pk.starts_with(kind) && sk.starts_with(&format!("{value}\u{1f}"))
                })
            };
            assert!(has("BORN#", &born) && has("PHONE#", &phone) && has("NAME#", &terms.name));
            assert_eq!(of_record.len(), words + 2, "{of_record:?}");
        }
        assert!(records > 0 && left.is_empty(), "{left:?}");
    });
}

/// A client may lose to another one, and then changes nothing.
fn expected_loss(outcome: Result<(), StoreError>) {
    match outcome {
        Ok(()) | Err(StoreError::NotFound(_) | StoreError::Contended) => {}
        Err(error) => panic!("{error:?}"),
    }
}

/// Two creations of the same person at the same time may not see each other; nothing else is lost.
#[test]
fn creations_at_the_same_time_succeed_and_later_ones_see_them() {
    run(async |world: World| {
        let now = world.app.now();
        let details = patient(&world, &json!({}));
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (store, details) = (world.app.store().clone(), details.clone());
            tasks.spawn(async move { steps::created(&store, details, None, now).await.unwrap() });
        }
        for created in tasks.join_all().await {
            let duplicates = created.possible_duplicates.unwrap();
            assert!(duplicates.len() < 8);
            assert!(duplicates.iter().all(|duplicate| duplicate.id != created.record.id));
        }
        let last = steps::created(world.app.store(), details.clone(), None, now).await.unwrap();
        assert_eq!(last.possible_duplicates.unwrap().len(), 8);
        let found = steps::possible_duplicates(world.app.store(), &details.search_terms()).await;
        assert_eq!(found.unwrap().possible_duplicates.len(), 9);
    });
}
