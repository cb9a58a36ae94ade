use std::fs;
use std::sync::Arc;
use std::time::Duration;

use repo::template::AUDIT_TABLE_NAME;
use serde::de::IgnoredAny;
use shared::archive::{Archive, Digest, SIGNATURE, Signer, sha256};
use shared::audit::StoredRow;
use shared::model::patient::PatientDetails;
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::records;
use shared::testing::bucket::Bucket;
use shared::testing::kms::Kms;
use shared::testing::{Event, World, protected, run};
use tempfile::{TempDir, tempdir};

use super::{Digests, Outcome, work};

const HOUR: Duration = Duration::from_hours(1);

/// Calls the function as EventBridge does, without a key.
async fn invoke(world: &World, archive: Archive) {
    invoke_with(world, archive, None).await.unwrap();
}

/// Calls the function as EventBridge does, with the key of this signer if there is one.
async fn invoke_with(world: &World, archive: Archive, signer: Option<Signer>) -> Outcome {
    let (app, calls) = world.app_of_function();
    let outcome = work(app, Arc::new(Digests { archive, signer }), IgnoredAny).await;
    assert!(calls.take().is_empty(), "it needs no table");
    outcome
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
    let objects = archive.list("digests/", "").await.unwrap().into_iter();
    for object in objects.filter(|object| !object.key.ends_with(SIGNATURE)) {
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
        for _ in 0..3 {
            world.advance(HOUR);
            invoke(&world, archive(&folder)).await;
        }

        let found = digests(&archive(&folder)).await;
        let [(first_key, first_hash, first), (second_key, _, second), (_, _, third), (_, _, last)] =
            &found[..]
        else {
            panic!("{found:?}");
        };
        assert_eq!(first_key, "digests/2026-01-31T12Z.json");
        assert_eq!(first.previous, None);
        assert_eq!(first.heads.len(), 1);
        assert_eq!((&first.heads[0].place, &first.heads[0].hash), (&newest.place, &rows[2].hash));
        assert_eq!(second_key, "digests/2026-01-31T13Z.json");
        let previous = second.previous.as_ref().unwrap();
        assert_eq!((&previous.key, &previous.sha256), (first_key, first_hash));
        // The hour of the digest before, and the hour before it.
        for digest in [second, third] {
            assert_eq!(digest.heads, first.heads);
        }
        assert!(last.heads.is_empty(), "{:?}", last.heads);
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

/// Returns the content of a digest of this time without rows.
fn empty(at: Timestamp) -> Vec<u8> {
    serde_json::to_vec(&Digest { at, previous: None, heads: Vec::new() }).unwrap()
}

/// Returns the error of a call, with the key of this signer if there is one.
async fn error(world: &World, folder: &TempDir, signer: Option<Signer>) -> String {
    invoke_with(world, archive(folder), signer).await.unwrap_err().to_string()
}

/// Returns the digest with this key.
async fn digest(folder: &TempDir, key: &str) -> Digest {
    serde_json::from_slice(&archive(folder).get(key).await.unwrap()).unwrap()
}

/// Somebody else has put it there.
#[test]
fn wrong_digest_is_an_error_for_a_day_and_does_not_stop_the_digests() {
    run(async |world: World| {
        let folder = tempdir().unwrap();
        invoke(&world, archive(&folder)).await;
        world.advance(HOUR);
        let (now, later) = (world.app.now(), world.app.now().plus(2 * HOUR));
        let wrong = [
            ("digests/2026-01-31T12Zb.json", b"no digest".to_vec()),
            ("digests/2026-01-31T15Z.json", empty(later)),
            ("digests/2026-01-31T16Z.json", empty(now)),
        ];
        for (key, content) in wrong {
            archive(&folder).put(key, content).await.unwrap();
            // A call that failed is repeated.
            for _ in 0..2 {
                let error = error(&world, &folder, None).await;
                assert!(error.starts_with(&format!("somebody else put {key}: ")), "{error}");
            }
        }
        world.advance(HOUR);
        error(&world, &folder, None).await;
        for (hour, before) in [("13", "12"), ("14", "13")] {
            let digest = digest(&folder, &format!("digests/2026-01-31T{hour}Z.json")).await;
            let previous = digest.previous.unwrap().key;
            assert_eq!(previous, format!("digests/2026-01-31T{before}Z.json"));
        }
    });
}

#[test]
fn wrong_digest_of_this_hour_is_an_error_and_the_next_hour_has_a_digest() {
    run(async |world: World| {
        let folder = tempdir().unwrap();
        let (wrong, next) = ("digests/2026-01-31T12Z.json", "digests/2026-01-31T13Z.json");
        archive(&folder).put(wrong, empty(world.app.now().plus(HOUR))).await.unwrap();
        for _ in 0..2 {
            let error = error(&world, &folder, None).await;
            assert!(error.starts_with(&format!("somebody else put {wrong}: ")), "{error}");
        }
        world.advance(HOUR);
        error(&world, &folder, None).await;
        assert_eq!(digest(&folder, next).await.previous, None);
    });
}

/// Without a signer, it looks like one of this function.
#[test]
fn rows_before_a_digest_of_somebody_else_are_in_the_next_one() {
    run(async |world: World| {
        let folder = tempdir().unwrap();
        invoke(&world, archive(&folder)).await;
        let rows = rows(&world, 1).await;
        archive(&folder).put_rows(world.app.now(), "100", &rows).await.unwrap();
        age(&world, &folder);

        world.advance(HOUR + Duration::from_secs(59 * 60));
        let forged = "digests/2026-01-31T13Z.json";
        archive(&folder).put(forged, empty(world.app.now())).await.unwrap();
        invoke(&world, archive(&folder)).await;
        world.advance(HOUR);
        invoke(&world, archive(&folder)).await;
        let next = digest(&folder, "digests/2026-01-31T14Z.json").await;
        assert_eq!((next.previous.unwrap().key.as_str(), next.heads.len()), (forged, 1));
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

/// Returns the digest of an hour and its signature, if it has one.
fn digest_of(folder: &TempDir, hour: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    let path = folder.path().join(format!("digests/2026-01-{hour}Z.json"));
    (fs::read(&path).unwrap(), fs::read(path.with_extension("json.sig")).ok())
}

/// In moto's KMS.
#[test]
fn digest_is_signed_once() {
    run(async |world: World| {
        let (folder, kms) = (tempdir().unwrap(), Kms::new().await);
        invoke_with(&world, archive(&folder), Some(kms.signer())).await.unwrap();
        let signed = digest_of(&folder, "31T12");
        let (digest, Some(signature)) = &signed else { panic!("no signature") };
        assert!(kms.has_signed(digest, signature));
        assert!(!kms.has_signed(b"another digest", signature));

        invoke_with(&world, archive(&folder), Some(kms.signer())).await.unwrap();
        assert_eq!(digest_of(&folder, "31T12"), signed);
    });
}

/// In moto's KMS.
#[test]
fn digest_is_put_only_with_its_signature() {
    run(async |world: World| {
        let (folder, kms) = (tempdir().unwrap(), Kms::new().await);
        let refused = invoke_with(&world, archive(&folder), Some(kms.signer_without_key())).await;
        let error = refused.unwrap_err().to_string();
        assert!(error.starts_with("KMS does not sign the digest: NotFoundException"), "{error}");
        assert!(digests(&archive(&folder)).await.is_empty());

        invoke_with(&world, archive(&folder), Some(kms.signer())).await.unwrap();
        assert!(matches!(digest_of(&folder, "31T12"), (_, Some(_))));
    });
}

/// Somebody else may have put it there. In moto's KMS.
#[test]
fn digest_that_is_there_without_a_signature_is_an_error_and_is_named_by_the_next_one() {
    run(async |world: World| {
        let (folder, kms) = (tempdir().unwrap(), Kms::new().await);
        invoke(&world, archive(&folder)).await;
        for _ in 0..2 {
            let error = error(&world, &folder, Some(kms.signer())).await;
            let expected = "somebody else put digests/2026-01-31T12Z.json or its signature, ";
            assert!(error.starts_with(expected), "{error}");
        }
        let (unsigned, None) = digest_of(&folder, "31T12") else { panic!("it is signed") };

        world.advance(HOUR);
        invoke_with(&world, archive(&folder), Some(kms.signer())).await.unwrap();
        let (next, Some(_)) = digest_of(&folder, "31T13") else { panic!("no signature") };
        let next: Digest = serde_json::from_slice(&next).unwrap();
        assert_eq!(next.previous.unwrap().sha256, sha256(&unsigned));
    });
}

/// In moto's KMS.
#[test]
fn signature_that_is_there_before_its_digest_is_an_error() {
    run(async |world: World| {
        let (folder, kms) = (tempdir().unwrap(), Kms::new().await);
        let key = "digests/2026-01-31T12Z.json";
        archive(&folder).put(&format!("{key}{SIGNATURE}"), b"forged".to_vec()).await.unwrap();
        for _ in 0..2 {
            let error = error(&world, &folder, Some(kms.signer())).await;
            assert!(error.starts_with(&format!("somebody else put {key} or ")), "{error}");
        }
        assert!(digests(&archive(&folder)).await.is_empty());
        world.advance(HOUR);
        invoke_with(&world, archive(&folder), Some(kms.signer())).await.unwrap();
        assert!(matches!(digest_of(&folder, "31T13"), (_, Some(_))));
    });
}

/// The list of the last digests begins with the signature of the one that is 25 hours old. In moto's KMS.
#[test]
fn signature_is_not_taken_for_the_last_digest() {
    run(async |world: World| {
        let (folder, kms) = (tempdir().unwrap(), Kms::new().await);
        invoke_with(&world, archive(&folder), Some(kms.signer())).await.unwrap();
        world.advance(25 * HOUR);
        invoke_with(&world, archive(&folder), Some(kms.signer())).await.unwrap();
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
