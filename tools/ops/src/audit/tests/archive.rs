//! The table in comparison with a copy of the archive.

use std::time::Duration;

use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns the content of an object with these rows.
fn lines(rows: &[StoredRow]) -> String {
    rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect()
}

/// Puts an object with this content into the archive. Returns its path.
fn put_object(trail: &Trail, content: &str) -> PathBuf {
    let folder = trail.folder.join("rows/2026");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("1-{}.jsonl", sha256(content.as_bytes())));
    fs::write(&path, content).unwrap();
    path
}

/// Verifies the table and an archive that has these rows, without a log.
async fn compare(trail: &Trail, rows: &[StoredRow]) -> Verdict {
    compare_as_of(trail, rows, None).await
}

/// Verifies the table and an archive that has these rows and was copied at this time.
async fn compare_as_of(
    trail: &Trail,
    rows: &[StoredRow],
    archive_as_of: Option<Timestamp>,
) -> Verdict {
    fs::remove_dir_all(trail.folder.join("rows")).unwrap();
    put_object(trail, &lines(rows));
    let archive = Some(trail.folder.join("rows"));
    trail.verify_with(Sources { archive, archive_as_of, ..Sources::default() }).await
}

/// Returns the rows of both chains.
fn all(trail: &Trail) -> Vec<StoredRow> {
    trail.chains.concat()
}

#[test]
fn archive_agrees_with_a_good_table() {
    run(async |world: World| {
        let trail = Trail::new(world, "archive").await;
        // A part of the stream was archived twice.
        let rows = [all(&trail), trail.first().to_vec()].concat();
        let verdict = compare(&trail, &rows).await;
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
        let expected =
            "archive: 8 rows in 2 chains, 0 named by the log or a digest: no row is wrong";
        assert_eq!(verdict.summary[1], expected);
    });
}

#[test]
fn digests_name_what_was_removed_from_the_archive() {
    run(async |world: World| {
        let trail = Trail::new(world, "digests").await;
        let folder = trail.folder.join("archive");
        let archive = Archive::Folder(folder.clone());
        let mut keys = Vec::new();
        for chain in &trail.chains {
            let now = trail.world.app.now();
            keys.push(archive.put_rows(now, "1", chain).await.unwrap());
            archive.put_digest(now, None).await.unwrap().unwrap();
            trail.world.advance(HOUR);
        }
        let sources = Sources { archive: Some(folder.clone()), ..Sources::default() };
        let verdict = trail.verify_with(sources.clone()).await;
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);

        let object = folder.join(&keys[0]);
        let content = fs::read(&object).unwrap();
        fs::remove_file(&object).unwrap();
        let verdict = trail.verify_with(sources.clone()).await;
        assert_eq!(verdict.problems, [format!("archive: {}: is missing", trail.row(0))]);

        fs::write(&object, content).unwrap();
        let digest = folder.join("digests/2026-01-31T12Z.json");
        let content = fs::read_to_string(&digest).unwrap();
        fs::write(&digest, content + " ").unwrap();
        let verdict = trail.verify_with(sources).await;
        assert_eq!(verdict.problems.len(), 1, "{:?}", verdict.problems);
        let [first, second] = ["12Z", "13Z"].map(|hour| format!("digests/2026-01-31T{hour}.json"));
        let expected = format!("archive: {second} does not name {first}: ");
        assert!(verdict.problems[0].starts_with(&expected), "{:?}", verdict.problems);
    });
}

/// `audit-digest` goes on without it, so no digest names it.
#[test]
fn wrong_digest_is_the_only_problem() {
    run(async |world: World| {
        let trail = Trail::new(world, "wrong-digest").await;
        let folder = trail.folder.join("archive");
        let archive = Archive::Folder(folder.clone());
        let wrong = ["digests/2026-01-31T12Zb.json", "digests/2026-01-31T16Z.json"];
        for chain in &trail.chains {
            let now = trail.world.app.now();
            archive.put_rows(now, "1", chain).await.unwrap();
            // The call of the second hour fails, because of the wrong ones.
            let _ = archive.put_digest(now, None).await;
            archive.put(wrong[0], b"no digest".to_vec()).await.unwrap();
            let digest = archive.get("digests/2026-01-31T12Z.json").await.unwrap();
            archive.put(wrong[1], digest).await.unwrap();
            trail.world.advance(HOUR);
        }
        let sources = Sources { archive: Some(folder), ..Sources::default() };
        let expected = wrong.map(|key| {
            let problem = "is no digest of the hour in its name: somebody else put or changed it";
            format!("archive: {key} {problem}")
        });
        assert_eq!(trail.verify_with(sources).await.problems, expected);
    });
}

#[test]
fn table_that_differs_from_the_archive_is_found() {
    run(async |world: World| {
        let trail = Trail::new(world, "differs").await;
        trail.forge_end().await;
        let verdict = compare(&trail, &all(&trail)).await;
        let expected = format!("archive: {}: differs from the archive", trail.row(2));
        assert_eq!(verdict.problems, [expected]);

        trail.delete(trail.first()).await;
        let verdict = compare(&trail, &all(&trail)).await;
        let expected =
            format!("archive: {}: is in the archive, but not in the table", trail.row(0));
        assert_eq!(verdict.problems, [expected]);

        // A row that was deleted and put again with another text is archived again.
        let mut row = parsed(&trail.first()[4]);
        row.facts.operation = Code::from("handovers-forged");
        let forged = StoredRow::of(&row.seal().unwrap().item);
        for row in trail.first() {
            trail.put(row).await;
        }
        let rows = [all(&trail), vec![forged]].concat();
        let verdict = compare(&trail, &rows).await;
        let expected = format!("archive: {}: is there twice, with different texts", trail.row(4));
        assert_eq!(verdict.problems, [expected]);
    });
}

#[test]
fn archive_may_lack_only_rows_of_its_last_day() {
    run(async |world: World| {
        let trail = Trail::new(world, "lag").await;
        let copied_at = trail.world.app.now();
        let verdict = compare(&trail, &trail.chains[1]).await;
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);

        trail.world.advance(DAY + HOUR);
        let verdict = compare(&trail, &trail.chains[1]).await;
        let absent = "is in the table, but not in the archive";
        assert_eq!(verdict.problems, [format!("archive: {}: {absent}", trail.row(0))]);
        let verdict = compare_as_of(&trail, &trail.chains[1], Some(copied_at)).await;
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);

        // A gap in the archive shows by itself.
        let verdict = compare_as_of(&trail, &all(&trail)[1..], Some(copied_at)).await;
        assert_eq!(verdict.problems, [format!("archive: {}: is missing", trail.row(0))]);
    });
}

#[test]
fn archive_that_ends_early_is_found_by_the_table_and_by_the_log() {
    run(async |world: World| {
        let trail = Trail::new(world, "early").await;
        trail.world.advance(DAY);
        let heads = change(&trail.world.app, "later").await;
        let log = trail.folder.join("later.log");
        fs::write(&log, line(trail.world.app.now(), &heads)).unwrap();
        let place = Place { chain: heads[0].place.chain.clone(), seq: 0 };

        trail.world.advance(DAY + HOUR);
        let absent = format!("archive: {place}: is in the table, but not in the archive");
        assert_eq!(compare(&trail, &all(&trail)).await.problems, slice::from_ref(&absent));
        let archive = Some(trail.folder.join("rows"));
        let sources = Sources { logs: vec![log], archive, ..Sources::default() };
        let problems = trail.verify_with(sources).await.problems;
        assert_eq!(problems, [format!("archive: {place}: is missing"), absent]);
    });
}

#[test]
fn warning_without_a_log_says_which_sources_are_compared() {
    run(async |world: World| {
        let trail = Trail::new(world, "warning").await;
        let without = trail.verify_with(Sources::default()).await.warnings;
        assert!(without[0].ends_with("see --log and --archive"), "{without:?}");
        let without_digests = compare(&trail, &all(&trail)).await.warnings;
        assert!(without_digests[0].contains("the archive has no digests"), "{without_digests:?}");

        let folder = trail.folder.join("archive");
        let archive = Archive::Folder(folder.clone());
        archive.put_rows(trail.world.app.now(), "1", &all(&trail)).await.unwrap();
        archive.put_digest(trail.world.app.now(), None).await.unwrap().unwrap();
        let sources = Sources { archive: Some(folder), ..Sources::default() };
        let with_digests = trail.verify_with(sources).await.warnings;
        assert!(with_digests[0].contains("the archive with its digests"), "{with_digests:?}");
    });
}

#[test]
fn line_of_the_archive_that_is_no_row_is_found() {
    run(async |world: World| {
        let trail = Trail::new(world, "line").await;
        let mut edited = all(&trail);
        edited[1].row = edited[1].row.replace("handovers-run", "handovers-ran");
        let verdict = compare(&trail, &edited).await;
        let changed = "was changed: its text does not have its hash";
        assert_eq!(verdict.problems[0], format!("archive: {}: {changed}", trail.row(1)));

        put_object(&trail, "{}\n");
        let archive = Some(trail.folder.join("rows"));
        let sources = Sources { archive, ..Sources::default() };
        let verdict = trail.verify_with(sources).await;
        let expected = format!("archive: line 1 of {}", trail.folder.display());
        let found = verdict.problems.iter().filter(|problem| problem.starts_with(&expected));
        assert_eq!(found.count(), 1, "{:?}", verdict.problems);
    });
}

#[test]
fn object_with_other_content_than_its_name_says_is_found() {
    run(async |world: World| {
        let trail = Trail::new(world, "content").await;
        assert!(compare(&trail, &all(&trail)).await.problems.is_empty());
        let object = put_object(&trail, "");
        fs::write(&object, lines(&all(&trail))).unwrap();
        let archive = Some(trail.folder.join("rows"));
        let verdict = trail.verify_with(Sources { archive, ..Sources::default() }).await;
        let expected = "does not have the content that its name says";
        let expected = format!("archive: {} {expected}", object.display());
        assert_eq!(verdict.problems, [expected]);
    });
}
