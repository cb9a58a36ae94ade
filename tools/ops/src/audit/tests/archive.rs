//! The table in comparison with a copy of the archive.

use std::time::Duration;

use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Verifies the table and an archive that has these rows, without a log.
async fn compare(trail: &Trail, rows: &[StoredRow]) -> Verdict {
    let lines = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n");
    fs::write(trail.folder.join("rows/2026/a.jsonl"), lines.collect::<String>()).unwrap();
    let archive = Some(trail.folder.join("rows"));
    trail.verify_with(Sources { logs: Vec::new(), archive }).await
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
            archive.put_digest(now).await.unwrap().unwrap();
            trail.world.advance(HOUR);
        }
        let sources = Sources { logs: Vec::new(), archive: Some(folder.clone()) };
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
        let all_but_one = all(&trail)[1..].to_vec();
        let verdict = compare(&trail, &trail.chains[1]).await;
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);

        trail.world.advance(DAY);
        let heads = change(&trail.world.app, "later").await;
        let place = format!("CHAIN#{}", heads[0].place.chain);
        let later = stored(trail.world.app.store()).await.into_iter();
        let later: Vec<_> = later.filter(|row| row.pk == place).collect();
        let verdict = compare(&trail, &[&trail.chains[1][..], &later[..]].concat()).await;
        let expected =
            format!("archive: {}: is in the table, but not in the archive", trail.row(0));
        assert_eq!(verdict.problems, [expected]);

        // A gap in the archive shows by itself.
        let verdict = compare(&trail, &[&all_but_one[..], &later[..]].concat()).await;
        assert_eq!(verdict.problems[0], format!("archive: {}: is missing", trail.row(0)));
        assert_eq!(verdict.problems.len(), 2, "{:?}", verdict.problems);
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

        fs::write(trail.folder.join("rows/2026/b.jsonl"), "{}\n").unwrap();
        let verdict = compare(&trail, &all(&trail)).await;
        assert_eq!(verdict.problems.len(), 1, "{:?}", verdict.problems);
        assert!(verdict.problems[0].starts_with("archive: line 1 of "), "{:?}", verdict.problems);
    });
}
