use std::fs;
use std::sync::Arc;
use std::time::Duration;

use repo::template::AUDIT_TABLE_NAME;
use serde::de::IgnoredAny;
use shared::archive::{Archive, Digest, sha256};
use shared::audit::StoredRow;
use shared::model::patient::PatientDetails;
use shared::model::user::Role;
use shared::records;
use shared::testing::bucket::Bucket;
use shared::testing::{Event, World, protected, run};
use tempfile::{TempDir, tempdir};

use super::work;

const HOUR: Duration = Duration::from_hours(1);

/// Calls the function as EventBridge does.
async fn invoke(world: &World, archive: Archive) {
    let (app, calls) = world.app_of_function();
    work(app, Arc::new(archive), IgnoredAny).await.unwrap();
    assert!(calls.take().is_empty(), "it needs no table");
}

fn archive(folder: &TempDir) -> Archive {
    Archive::Folder(folder.path().to_owned())
}

/// Reads a patient `times` times. Returns the rows of all chains.
async fn rows(world: &World, times: usize) -> Vec<StoredRow> {
    let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
    for _ in 0..times {
        let event = Event::of("patients-get").without_policy().path_parameter("id", patient.id);
        let handler = protected(records::get::<PatientDetails>);
        world.call(handler, event.by(&admin)).await.expect(200);
    }
    let scanned = world.dynamodb.scan().table_name(AUDIT_TABLE_NAME).send().await.unwrap();
    let mut rows: Vec<_> = scanned.items.unwrap().iter().map(StoredRow::of).collect();
    rows.sort_by(|one, other| (&one.pk, &one.sk).cmp(&(&other.pk, &other.sk)));
    assert_eq!(rows.len(), times);
    rows
}

/// Returns the digests, in order, each with its key and its hash.
async fn digests(archive: &Archive) -> Vec<(String, String, Digest)> {
    let mut digests = Vec::new();
    for object in archive.list("digests/", "").await.unwrap() {
        let content = archive.get(&object.key).await.unwrap();
        let digest = serde_json::from_slice(&content).unwrap();
        digests.push((object.key, sha256(&content), digest));
    }
    digests
}

/// Makes the files of the archive as old as they are in the world.
fn age(world: &World, folder: &TempDir) {
    let hours = folder.path().join("rows/2026/01/31");
    let time = std::time::UNIX_EPOCH
        + Duration::from_millis(world.app.now().as_millisecond().try_into().unwrap());
    for hour in fs::read_dir(hours).unwrap() {
        for file in fs::read_dir(hour.unwrap().path()).unwrap() {
            let file = fs::File::options().append(true).open(file.unwrap().path()).unwrap();
            file.set_modified(time).unwrap();
        }
    }
}

#[test]
fn digest_names_the_newest_row_of_each_chain_and_the_digest_before() {
    run(async |world: World| {
        let folder = tempdir().unwrap();
        let rows = rows(&world, 3).await;
        let newest = rows[2].row().unwrap();
        // One of them twice, and not in order.
        let batches = [&rows[1..], &rows[..2]];
        for (number, batch) in batches.into_iter().enumerate() {
            let number = number.to_string();
            archive(&folder).put_rows(world.app.now(), &number, batch).await.unwrap();
        }
        age(&world, &folder);
        // More than the margin between clocks.
        world.advance(Duration::from_secs(10 * 60));
        invoke(&world, archive(&folder)).await;
        world.advance(HOUR);
        invoke(&world, archive(&folder)).await;

        let found = digests(&archive(&folder)).await;
        let [(first_key, first_hash, first), (second_key, _, second)] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(first_key, "digests/2026-01-31T12Z.json");
        assert_eq!(first.previous, None);
        assert_eq!(first.heads.len(), 1);
        assert_eq!((&first.heads[0].place, &first.heads[0].hash), (&newest.place, &rows[2].hash));
        assert_eq!(second_key, "digests/2026-01-31T13Z.json");
        let previous = second.previous.as_ref().unwrap();
        assert_eq!((&previous.key, &previous.sha256), (first_key, first_hash));
        assert!(second.heads.is_empty(), "{:?}", second.heads);
    });
}

/// The stream may be late: the key has the hour of the row, and the object is written hours later.
#[test]
fn late_rows_are_in_the_next_digest() {
    run(async |world: World| {
        let folder = tempdir().unwrap();
        let rows = rows(&world, 1).await;
        let recorded_at = world.app.now();
        invoke(&world, archive(&folder)).await;
        for _ in 0..3 {
            world.advance(HOUR);
            invoke(&world, archive(&folder)).await;
        }
        archive(&folder).put_rows(recorded_at, "100", &rows).await.unwrap();
        age(&world, &folder);
        world.advance(HOUR);
        invoke(&world, archive(&folder)).await;
        let heads: Vec<_> =
            digests(&archive(&folder)).await.iter().map(|(_, _, it)| it.heads.len()).collect();
        assert_eq!(heads, [0, 0, 0, 0, 1]);
    });
}

#[test]
fn hour_has_one_digest() {
    run(async |world: World| {
        let folder = tempdir().unwrap();
        invoke(&world, archive(&folder)).await;
        let before = digests(&archive(&folder)).await;
        world.advance(Duration::from_secs(60));
        invoke(&world, archive(&folder)).await;
        let after = digests(&archive(&folder)).await;
        assert_eq!((before.len(), &before[0].1), (1, &after[0].1));
    });
}

#[test]
fn chain_of_digests_goes_on_after_a_long_pause() {
    run(async |world: World| {
        let folder = tempdir().unwrap();
        invoke(&world, archive(&folder)).await;
        world.advance(30 * 24 * HOUR);
        invoke(&world, archive(&folder)).await;
        let found = digests(&archive(&folder)).await;
        let previous = found[1].2.previous.as_ref().unwrap();
        assert_eq!((&previous.key, &previous.sha256), (&found[0].0, &found[0].1));
    });
}

/// In moto's S3, which `cargo xtask tools moto` installs.
#[test]
fn digest_is_written_once_and_is_locked() {
    run(async |world: World| {
        let bucket = Bucket::new().await;
        let rows = rows(&world, 2).await;
        bucket.archive().put_rows(world.app.now(), "100", &rows).await.unwrap();
        for _ in 0..2 {
            invoke(&world, bucket.archive()).await;
        }
        let found = digests(&bucket.archive()).await;
        assert_eq!((found.len(), found[0].2.heads.len()), (1, 1));
        assert!(!bucket.deletes(&found[0].0).await);
    });
}
