//! Assignments of schema 2 become episodes that give the same access, however often the work is stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::TABLE_NAME;
use shared::model::doctor::DoctorDetails;
use shared::model::id::{DoctorId, Id, PatientId};
use shared::model::patient::PatientDetails;
use shared::records;
use shared::store::Step;
use shared::testing::{Event, Value, World, json, protected, run, steps};

use super::old_data::{
    Row, put, put_account, put_assignment, put_doctor, put_patient, put_row, put_tombstone,
    reindex, rows,
};
use super::reindex::kill_after;

type Rows = BTreeMap<(String, String), Row>;

/// Puts patients, doctors and their assignments: doctor 1 has the patients 1, 2 and 4, doctor 2 has patient 1. Of the
/// other two assignments, the doctor or the patient is deleted.
async fn fill(world: &World) {
    for id in 1..=4 {
        put_patient(world, id).await;
    }
    for id in 1..=2 {
        put_doctor(world, id, &format!("LIC-{id}")).await;
    }
    put_account(world, 1, "amara").await;
    put_tombstone(world, "DOCTOR", 8).await;
    put_tombstone(world, "PATIENT", 9).await;
    for (patient, doctor) in [(1, 1), (1, 2), (2, 1), (4, 1), (3, 8), (9, 1)] {
        put_assignment(world, patient, doctor).await;
    }
}

/// Gives patient 1 more doctors than a patient can have now.
async fn fill_with_many_doctors(world: &World) {
    fill(world).await;
    for id in 11..=35 {
        put_doctor(world, id, &format!("LIC-{id}")).await;
        put_assignment(world, 1, id).await;
    }
}

fn key(pk: &str, sk: &str) -> (String, String) {
    (pk.to_owned(), sk.to_owned())
}

fn patient(id: u64) -> String {
    format!("PATIENT#{id:016}")
}

fn doctor(id: u64) -> String {
    format!("DOCTOR#{id:016}")
}

/// Returns the sort keys of a partition.
fn partition<'a>(rows: &'a Rows, pk: &str) -> Vec<&'a str> {
    rows.keys().filter(|key| key.0 == pk).map(|key| key.1.as_str()).collect()
}

/// Returns the patients of a panel's rows, in order.
fn panel(rows: &Rows, doctor: &str) -> Vec<u64> {
    let sort_keys = partition(rows, doctor).into_iter().filter(|sk| sk.starts_with("NAME#1#"));
    sort_keys.map(|sk| sk.rsplit_once('\u{1f}').unwrap().1.parse().unwrap()).collect()
}

fn text<'a>(row: &'a Row, attribute: &str) -> &'a str {
    row[attribute].as_s().unwrap()
}

fn version_of(row: &Row) -> u64 {
    row["version"].as_n().unwrap().parse().unwrap()
}

async fn delete(world: &World, (pk, sk): &(String, String)) {
    let request = world.dynamodb.delete_item().table_name(TABLE_NAME);
    let request = request.key("pk", AttributeValue::S(pk.clone()));
    request.key("sk", AttributeValue::S(sk.clone())).send().await.unwrap();
}

#[test]
fn assignments_become_episodes_and_their_doctors_panels() {
    run(async |world: World| {
        fill(&world).await;
        assert!(reindex(world.app.store(), 500).await.is_empty());
        let rows = rows(&world).await;

        let (first, second) = (doctor(1), doctor(2));
        assert_eq!(partition(&rows, &patient(1)), ["#", "CARE", &first, &second]);
        assert_eq!(partition(&rows, &patient(2)), ["#", "CARE", &first]);
        assert_eq!(partition(&rows, &patient(4)), ["#", "CARE", &first]);
        for id in [3, 9] {
            assert_eq!(
                partition(&rows, &patient(id)),
                ["#"],
                "the doctor or the patient is deleted"
            );
        }
        assert_eq!(partition(&rows, &doctor(8)), ["#"]);
        // Ångström, de la Cruz, O’Connor
        assert_eq!(panel(&rows, &first), [1, 4, 2]);
        assert_eq!(panel(&rows, &second), [1]);
        assert_eq!(partition(&rows, &first).len(), 4);
        assert_eq!(partition(&rows, &second).len(), 2);

        let row = &rows[&key(&patient(1), &second)];
        assert_eq!([text(row, "id"), text(row, "role")], ["1-2-1", "treating"]);
        assert_eq!(text(row, "starts_at"), "2025-01-31T12:00:00.000Z");
        assert_eq!(text(row, "starts_at"), text(row, "assigned_at"));
        assert_eq!([text(row, "gsi1pk"), text(row, "gsi1sk")], [second.as_str(), &patient(1)]);
        assert_eq!((version_of(row), row["assigned_by"].as_n().unwrap().as_str()), (1, "1"));
        assert!(!row.contains_key("ends_at"));
    });
}

#[test]
fn migrated_assignments_give_access() {
    run(async |world: World| {
        fill(&world).await;
        let store = world.app.store();
        reindex(store, 500).await;
        let id = DoctorId::new(1).unwrap();
        let doctor = steps::record::<DoctorDetails>(store, id).await.unwrap().unwrap();
        let account = world.doctor_account(&doctor).await;
        let get = async |id: u64| {
            let event = Event::of("patients-get").path_parameter("id", id).by(&account);
            world.call(protected(records::get::<PatientDetails>), event.without_policy()).await
        };
        for id in [1, 2, 4] {
            assert_eq!(get(id).await.expect(200)["id"], id);
        }
        for id in [3, 9] {
            get(id).await.expect_problem(403, "not_assigned");
        }
        let ids = |page: Value| -> Vec<u64> {
            let results = page["results"].as_array().unwrap().iter();
            results.map(|record| record["id"].as_u64().unwrap()).collect()
        };
        let event = Event::of("patients-list").by(&account).without_policy();
        let page = world.call(protected(records::list::<PatientDetails>), event).await.expect(200);
        assert_eq!(ids(page), [1, 4, 2]);

        let id = PatientId::new(1).unwrap();
        let patient = steps::record::<PatientDetails>(store, id).await.unwrap().unwrap();
        let account = world.patient_account(&patient).await;
        let event = Event::of("doctors-list").by(&account).without_policy();
        let page = world.call(protected(records::list::<DoctorDetails>), event).await.expect(200);
        assert_eq!(ids(page).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1, 2]));
    });
}

#[test]
fn patient_keeps_more_doctors_than_the_limit() {
    run(async |world: World| {
        fill_with_many_doctors(&world).await;
        assert!(reindex(world.app.store(), 500).await.is_empty());
        let rows = rows(&world).await;
        let care = &rows[&key(&patient(1), "CARE")];
        assert_eq!(care["episodes"].as_l().unwrap().len(), 27);
        let doctors: Vec<u64> = (1..=2).chain(11..=35).collect();
        let mut ids = BTreeSet::new();
        for id in doctors {
            ids.insert(text(&rows[&key(&patient(1), &doctor(id))], "id").to_owned());
            assert!(panel(&rows, &doctor(id)).contains(&1), "doctor {id}");
        }
        assert_eq!(ids.len(), 27);
    });
}

#[test]
fn second_migration_changes_nothing() {
    run(async |world: World| {
        fill_with_many_doctors(&world).await;
        reindex(world.app.store(), 7).await;
        let first = rows(&world).await;
        reindex(world.app.store(), 5).await;
        assert_eq!(rows(&world).await, first);
    });
}

#[test]
fn killed_migrations_end_like_one_that_was_not_killed() {
    let expected = Mutex::new(Rows::new());
    run(async |world: World| {
        fill_with_many_doctors(&world).await;
        reindex(world.app.store(), 6).await;
        *expected.lock().unwrap() = rows(&world).await;
    });
    run(async |world: World| {
        fill_with_many_doctors(&world).await;
        for _ in 0..12 {
            // With other clients, as in another process.
            let app = world.another_app();
            let work = async { drop(reindex(app.store(), 6).await) };
            kill_after(fastrand::usize(1..60), work).await;
        }
        // Two at once do no harm.
        let (one, other) = (world.another_app(), world.another_app());
        tokio::join!(reindex(one.store(), 6), reindex(other.store(), 9));
        // A run that ended later may have left its progress.
        reindex(world.app.store(), 6).await;
        assert_eq!(rows(&world).await, *expected.lock().unwrap());
    });
}

#[test]
fn panels_get_the_current_rule_for_names() {
    run(async |world: World| {
        fill(&world).await;
        reindex(world.app.store(), 500).await;
        let mut expected = rows(&world).await;
        let of_care = key(&patient(1), "CARE");
        let old_place = "NAME#0#by an older rule";
        let mut care = expected[&of_care].clone();
        care.insert("place".to_owned(), AttributeValue::S(old_place.to_owned()));
        put_row(&world, care).await;
        for pk in [doctor(1), doctor(2)] {
            let is_of_patient = |(key, _): &(&(String, String), &Row)| {
                key.0 == pk && key.1.ends_with("\u{1f}0000000000000001")
            };
            let (key, row) = expected.iter().find(is_of_patient).unwrap();
            let mut row = row.clone();
            let sort_key = format!("{old_place}\u{1f}{:016}", 1);
            row.insert("sk".to_owned(), AttributeValue::S(sort_key));
            delete(&world, key).await;
            put_row(&world, row).await;
        }
        assert_eq!(panel(&rows(&world).await, &doctor(1)), [4, 2]);

        reindex(world.app.store(), 500).await;
        let care = expected.get_mut(&of_care).unwrap();
        let version = (version_of(care) + 1).to_string();
        care.insert("version".to_owned(), AttributeValue::N(version));
        assert_eq!(rows(&world).await, expected);
    });
}

#[test]
fn only_rows_that_no_care_has_are_removed() {
    run(async |world: World| {
        fill(&world).await;
        reindex(world.app.store(), 500).await;
        let past = "PAST#2025-02-28T12:00:00.000Z#1-2-0";
        let others = [
            (patient(1), past),
            (doctor(2), past),
            (patient(1), "PROXY#0000000000000001"),
            ("USER#0000000000000001".to_owned(), "PROXY#0000000000000001"),
            (doctor(1), "COVER"),
            (doctor(2), "COVERS"),
            ("LINK#doctor#0000000000000001".to_owned(), "#"),
        ];
        for (pk, sk) in others {
            put(&world, json!({"pk": pk, "sk": sk, "of_this_version": "stays", "id": "1-2-0"}))
                .await;
        }
        let expected = rows(&world).await;

        let of_older_rule = format!("NAME#0#angstrom\u{1f}zoe\u{1f}{:016}", 1);
        let unassigned = format!("NAME#1#grossmann\u{1f}jonas\u{1f}{:016}", 3);
        for (pk, sk) in [
            (doctor(1), of_older_rule),
            (doctor(2), unassigned),
            (doctor(2), patient(2)),
            (patient(3), doctor(2)),
        ] {
            put(&world, json!({"pk": pk, "sk": sk, "id": "3-2-1"})).await;
        }
        assert_eq!(rows(&world).await.len(), expected.len() + 4);
        reindex(world.app.store(), 500).await;
        assert_eq!(rows(&world).await, expected);
    });
}

#[test]
fn assignment_that_a_former_function_makes_meanwhile_is_migrated() {
    run(async |world: World| {
        fill(&world).await;
        let mut run = world.app.store().operator().reindex(500, world.app.now()).await.unwrap();
        while !run.is_removing() {
            assert_eq!(run.step().await.unwrap(), Step::More);
        }
        put_assignment(&world, 3, 2).await;
        while run.step().await.unwrap() == Step::More {}
        let rows = rows(&world).await;
        assert_eq!(text(&rows[&key(&patient(3), &doctor(2))], "id"), "3-2-1");
        // Ångström, Großmann
        assert_eq!(panel(&rows, &doctor(2)), [1, 3]);
        assert!(!rows.contains_key(&key(&doctor(2), &patient(3))));
    });
}

#[test]
fn rows_of_restricted_patients_stay_marked() {
    run(async |world: World| {
        fill(&world).await;
        let mut record = rows(&world).await[&key(&patient(1), "#")].clone();
        record.insert("restricted".to_owned(), AttributeValue::Bool(true));
        put_row(&world, record).await;
        reindex(world.app.store(), 500).await;
        let mut marked = 0;
        for ((pk, sk), row) in rows(&world).await {
            let is_row = sk.ends_with("\u{1f}0000000000000001") && !pk.contains("#doctor#")
                || pk == patient(1);
            assert_eq!(row.contains_key("restricted"), is_row, "{pk} {sk}");
            marked += usize::from(is_row);
        }
        // The record, the care, two assignments, two rows of panels, and in the search index two names, a date and a phone.
        assert_eq!(marked, 10);
    });
}
