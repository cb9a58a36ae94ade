use std::path::Path;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use repo::template::AUDIT_TABLE_NAME;
use serde_json::from_value;
use shared::App;
use shared::archive::{Archive, rows_in};
use shared::audit::{Row, TrailView};
use shared::model::id::{Id, PatientId};
use shared::model::patient::{Patient, PatientDetails};
use shared::model::user::Role;
use shared::records;
use shared::testing::bucket::Bucket;
use shared::testing::faults::{Fault, When};
use shared::testing::{Actor, Calls, Event, Value, World, checks, json, protected, run};
use tempfile::{TempDir, tempdir};

use super::{Batch, Outcome, copy};

/// Calls the function as its event source does. Fails the test if it makes a call that its policy does not grant.
async fn invoke(app: App, calls: &Calls, archive: Archive, records: &[Value]) -> Outcome {
    let batch: Batch = from_value(json!({ "Records": records })).unwrap();
    calls.of_function(Some("audit-archive"), copy(app, Arc::new(archive), batch)).await
}

/// Calls the function, which succeeds, with a folder as its archive.
async fn copied(world: &World, folder: &TempDir, records: &[Value]) {
    let (app, calls) = world.app_of_function();
    let archive = Archive::Folder(folder.path().to_owned());
    invoke(app, &calls, archive, records).await.unwrap();
}

/// A clinic in which a patient was read. Returns a reader, the patient, and the records of the rows, in order.
async fn clinic(world: &World) -> (Actor, Patient, Vec<Value>) {
    let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
    read(world, &admin, patient.id, 200).await;
    let records = records(world).await;
    assert_eq!(records.len(), 1);
    (admin, patient, records)
}

async fn read(world: &World, actor: &Actor, id: PatientId, status: u16) {
    let handler = protected(records::get::<PatientDetails>);
    let event = Event::of("patients-get").without_policy().path_parameter("id", id);
    assert_eq!(world.call(handler, event.by(actor)).await.status, status);
}

/// Returns a record of the stream for each row of the trail, chain by chain.
async fn records(world: &World) -> Vec<Value> {
    let scanned = world.dynamodb.scan().table_name(AUDIT_TABLE_NAME).send().await.unwrap();
    let mut records = Vec::new();
    for item in scanned.items.unwrap() {
        let attributes = item.iter().map(|(name, value)| {
            let value = match value.as_s() {
                Ok(text) => json!({ "S": text }),
                Err(number) => json!({ "N": number.as_n().unwrap() }),
            };
            (name.clone(), value)
        });
        let image: Value = attributes.collect();
        if item["pk"].as_s().unwrap().starts_with("CHAIN#") {
            records.push(json!({
                "eventName": "INSERT",
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_769_860_800,
                    "Keys": { "pk": image["pk"], "sk": image["sk"] },
                    "NewImage": image,
                    "SequenceNumber": "100",
                },
            }));
        }
    }
    records.sort_by_key(|it| it["dynamodb"]["Keys"].to_string());
    records
}

/// Returns outcome and basis of the rows in a view, newest first.
async fn view(world: &World, view: TrailView) -> Vec<(String, Option<String>)> {
    let page = world.app.store().trail_page(view, 100, None, |_| true).await.unwrap();
    assert_eq!(page.next, None);
    let said = |(_, row): (String, Row)| {
        (row.facts.outcome.into_owned(), row.facts.basis.map(|it| it.into_owned()))
    };
    page.results.into_iter().map(said).collect()
}

/// Returns the lines of all archived objects.
async fn archived(archive: &Archive) -> Vec<String> {
    let mut lines = Vec::new();
    for object in archive.list("rows/", "").await.unwrap() {
        let content = archive.get(&object.key).await.unwrap();
        for row in rows_in(&object.key, &content).unwrap() {
            assert!(row.row().is_some(), "{row:?}");
            lines.push(row.row);
        }
    }
    lines
}

fn folder_of(path: &Path) -> Archive {
    Archive::Folder(path.to_owned())
}

#[test]
fn row_is_archived_and_found_in_its_views() {
    run(async |world: World| {
        let (admin, patient, records) = clinic(&world).await;
        let folder = tempdir().unwrap();
        copied(&world, &folder, &records).await;
        let day = "2026-01-31".parse().unwrap();
        for of in
            [TrailView::Patient(patient.id), TrailView::Actor(admin.id()), TrailView::Day(day)]
        {
            let found = view(&world, of).await;
            assert_eq!(found, [("done".to_owned(), Some("role".to_owned()))], "{of:?}");
        }
        let nobody = TrailView::Patient(PatientId::new(77).unwrap());
        assert!(view(&world, nobody).await.is_empty());

        let archive = folder_of(folder.path());
        let text = records[0]["dynamodb"]["NewImage"]["row"]["S"].as_str().unwrap();
        assert_eq!(archived(&archive).await, [text]);
        let objects = archive.list("", "").await.unwrap();
        assert!(objects[0].key.starts_with("rows/2026/01/31/12/100-"), "{objects:?}");
    });
}

#[test]
fn same_records_again_change_nothing() {
    run(async |world: World| {
        let (_, patient, records) = clinic(&world).await;
        let folder = tempdir().unwrap();
        for _ in 0..2 {
            copied(&world, &folder, &records).await;
        }
        assert_eq!(view(&world, TrailView::Patient(patient.id)).await.len(), 1);
        assert_eq!(archived(&folder_of(folder.path())).await.len(), 1);
    });
}

/// Otherwise the rest of a longer batch would be lost after a failure.
#[test]
fn longer_batch_with_the_same_first_record_is_another_object() {
    run(async |world: World| {
        let (admin, patient, one) = clinic(&world).await;
        read(&world, &admin, patient.id, 200).await;
        let folder = tempdir().unwrap();
        copied(&world, &folder, &one).await;
        copied(&world, &folder, &records(&world).await).await;
        assert_eq!(archived(&folder_of(folder.path())).await.len(), 3);
    });
}

#[test]
fn row_and_its_correction_are_one_row_in_either_order() {
    for is_reversed in [false, true] {
        run(async |world: World| {
            let admin = world.actor(Role::Admin).await;
            let absent = PatientId::new(77).unwrap();
            read(&world, &admin, absent, 404).await;
            let mut records = records(&world).await;
            assert_eq!(records.len(), 2);
            if is_reversed {
                records.reverse();
            }
            let folder = tempdir().unwrap();
            for record in &records {
                copied(&world, &folder, slice::from_ref(record)).await;
            }
            // And the first one once more.
            copied(&world, &folder, &records[..1]).await;
            let found = view(&world, TrailView::Patient(absent)).await;
            let outcomes: Vec<_> = found.iter().map(|(outcome, _)| outcome.as_str()).collect();
            assert_eq!(outcomes, ["not_found"], "reversed: {is_reversed}");
        });
    }
}

#[test]
fn pages_are_newest_first() {
    run(async |world: World| {
        let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
        for _ in 0..7 {
            read(&world, &admin, patient.id, 200).await;
            world.advance(Duration::from_secs(1));
        }
        copied(&world, &tempdir().unwrap(), &records(&world).await).await;
        let day = TrailView::Day("2026-01-31".parse().unwrap());
        for view in [day, TrailView::Patient(patient.id)] {
            let (mut keys, mut before) = (Vec::new(), None::<String>);
            loop {
                let store = world.app.store();
                let page = store.trail_page(view, 3, before.as_deref(), |_| true).await.unwrap();
                assert!(page.results.len() <= 3);
                keys.extend(page.results.into_iter().map(|(key, _)| key));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(keys.len(), 7, "{view:?}: {keys:?}");
            assert!(keys.is_sorted_by(|one, other| one > other), "{view:?}: {keys:?}");
        }
    });
}

/// The alarm counts the log lines; here only that such records stop nothing.
#[test]
fn changed_and_removed_rows_do_not_stop_the_stream() {
    run(async |world: World| {
        let (_, patient, records) = clinic(&world).await;
        let record = &records[0];
        let with = |name: &str, value: Value| {
            let mut record = record.clone();
            record[name] = value;
            record
        };
        let mut forged = record.clone();
        forged["dynamodb"]["NewImage"]["row"]["S"] = json!("{}");
        let expired = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
        let mut of_time = with("userIdentity", expired);
        of_time["eventName"] = json!("REMOVE");
        let records = [
            with("eventName", json!("MODIFY")),
            with("eventName", json!("REMOVE")),
            of_time,
            forged,
            record.clone(),
        ];
        copied(&world, &tempdir().unwrap(), &records).await;
        assert_eq!(view(&world, TrailView::Patient(patient.id)).await.len(), 1);
    });
}

#[test]
fn items_of_views_are_left_out() {
    run(async |world: World| {
        let (_, _, mut records) = clinic(&world).await;
        for part in ["Keys", "NewImage"] {
            records[0]["dynamodb"][part]["pk"]["S"] = json!("PATIENT#0000000000000001");
        }
        let (app, calls) = world.app_of_function();
        let folder = tempdir().unwrap();
        invoke(app, &calls, folder_of(folder.path()), &records).await.unwrap();
        assert!(calls.take().is_empty());
        assert!(folder_of(folder.path()).list("", "").await.unwrap().is_empty());
    });
}

#[test]
fn batch_fails_without_dynamodb_and_succeeds_later() {
    run(async |world: World| {
        let (_, patient, records) = clinic(&world).await;
        let folder = tempdir().unwrap();
        let app = world.app_with_fault(When::Always, Fault::Refused).await;
        let failed = invoke(app, &world.calls, folder_of(folder.path()), &records).await;
        assert!(failed.is_err());
        copied(&world, &folder, &records).await;
        assert_eq!(view(&world, TrailView::Patient(patient.id)).await.len(), 1);
        assert_eq!(archived(&folder_of(folder.path())).await.len(), 1);
    });
}

/// In moto's S3, which `cargo xtask tools moto` installs.
#[test]
fn archived_object_is_written_once_and_is_locked() {
    run(async |world: World| {
        let (_, _, records) = clinic(&world).await;
        let bucket = Bucket::new().await;
        for _ in 0..2 {
            let (app, calls) = world.app_of_function();
            invoke(app, &calls, bucket.archive(), &records).await.unwrap();
        }
        let archive = bucket.archive();
        assert_eq!(archived(&archive).await.len(), 1);
        let objects = archive.list("rows/", "rows/2026").await.unwrap();
        let key = &objects[0].key;
        assert!(!archive.put(key, b"something else".to_vec()).await.unwrap());
        assert!(!bucket.deletes(key).await);
        assert_eq!(archived(&archive).await.len(), 1);
    });
}

#[test]
fn its_policy_grants_nothing_else() {
    checks::policy_grants_nothing_else("audit-archive", &["archived_object_is_written_once"]);
}
