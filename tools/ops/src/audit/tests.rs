//! A trail that somebody tampers with by hand, as `verify` reports it.

mod archive;
mod signatures;
mod views;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::{env, process, slice};

use repo::template::AUDIT_TABLE_NAME;
use shared::App;
use shared::archive::{Archive, sha256};
use shared::audit::{Code, Head, Place, Row, StoredRow, Subjects, TrailView};
use shared::model::id::{Id, PatientId, UserId};
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::store::{Imported, ImportedUser, Store};
use shared::testing::{World, run};

use super::find::{Criteria, find};
use super::rebuild::{Rebuilt, rebuild};
use super::verify::{Sources, Verdict, verify};
use super::views::Differences;
use crate::target::RETENTION;

/// The numbers of rows in the two chains of a trail.
const ROWS: [usize; 2] = [5, 3];

/// A trail with the chains of two processes, its log, and an archive.
struct Trail {
    world: World,
    /// The rows of each chain as they were written.
    chains: Vec<Vec<StoredRow>>,
    folder: PathBuf,
}

impl Trail {
    async fn new(world: World, name: &str) -> Self {
        let folder = env::temp_dir().join(format!("healthcare-trail-{name}-{}", process::id()));
        fs::create_dir_all(folder.join("rows/2026")).unwrap();
        let (mut log, mut chains) = (String::new(), Vec::new());
        for (number, rows) in ROWS.into_iter().enumerate() {
            let app = world.another_app();
            let mut chain = String::new();
            for row in 0..rows {
                let heads = change(&app, &format!("user-{number}-{row}")).await;
                chain.clone_from(&heads[0].place.chain);
                log.push_str(&line(world.app.now(), &heads));
            }
            chains.push(chain);
        }
        fs::write(folder.join("functions.log"), log).unwrap();
        let rows = stored(world.app.store()).await;
        let of_chain = |chain: &String| {
            let pk = format!("CHAIN#{chain}");
            rows.iter().filter(|row| row.pk == pk).cloned().collect()
        };
        let chains: Vec<Vec<StoredRow>> = chains.iter().map(of_chain).collect();
        assert_eq!(chains.iter().map(Vec::len).collect::<Vec<_>>(), ROWS);
        Self { world, chains, folder }
    }

    async fn verify_with(&self, sources: Sources) -> Verdict {
        let (store, now) = (self.world.app.store(), self.world.app.now());
        verify(store, sources, RETENTION, now).await.unwrap()
    }

    /// Compares the table with the log.
    async fn verify(&self) -> Verdict {
        let logs = vec![self.folder.join("functions.log")];
        self.verify_with(Sources { logs, ..Sources::default() }).await
    }

    /// Fails unless `verify` finds only this, about this row of the first chain.
    async fn expect(&self, seq: u64, problem: &str) {
        let verdict = self.verify().await;
        assert_eq!(verdict.problems, [format!("{}: {problem}", self.row(seq))]);
        assert!(verdict.summary[0].ends_with(": 1 problem, listed above"), "{:?}", verdict.summary);
    }

    fn first(&self) -> &[StoredRow] {
        &self.chains[0]
    }

    /// Returns how messages name a row of the first chain.
    fn row(&self, seq: u64) -> String {
        format!("row {seq} of chain {}", self.first()[0].pk.strip_prefix("CHAIN#").unwrap())
    }

    async fn put(&self, row: &StoredRow) {
        let put = self.world.dynamodb.put_item().table_name(AUDIT_TABLE_NAME);
        put.set_item(Some(row.into())).send().await.unwrap();
    }

    async fn delete(&self, rows: &[StoredRow]) {
        for row in rows {
            let mut key: HashMap<String, _> = row.into();
            key.retain(|name, _| name == "pk" || name == "sk");
            let delete = self.world.dynamodb.delete_item().table_name(AUDIT_TABLE_NAME);
            delete.set_key(Some(key)).send().await.unwrap();
        }
    }

    /// Changes the third row of the first chain, and computes its hash and those of all rows after it anew.
    async fn forge_end(&self) {
        let mut prev = self.first()[1].hash.clone();
        for old in &self.first()[2..] {
            let mut row = parsed(old);
            row.facts.operation = Code::from("handovers-forged");
            row.prev = prev;
            let forged = row.seal().unwrap();
            prev = forged.head.hash;
            self.put(&StoredRow::of(&forged.item)).await;
        }
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes a change that is one row, and returns it.
async fn change(app: &App, name: &str) -> Vec<Head> {
    let (store, witness) = app.store_of("handovers-run");
    import(&store, name, app.now()).await;
    witness.take()
}

async fn import(store: &Store, name: &str, now: Timestamp) -> UserId {
    let user = ImportedUser {
        username: name.parse().unwrap(),
        email: format!("{name}@example.com").parse().unwrap(),
        password_hash: None,
        role: Role::Staff,
        active: true,
        email_verified: true,
        created_at: now,
    };
    match store.operator().import_user(user, now).await.unwrap() {
        Imported::Done(user) => user.id,
        other => panic!("{other:?}"),
    }
}

/// Returns a line of the functions' log.
fn line(at: Timestamp, heads: &[Head]) -> String {
    let rows = serde_json::to_string(heads).unwrap();
    let beginning = format!(r#"{{"level":"INFO","message":"recorded","timestamp":"{at}""#);
    format!("{beginning},\"operation\":\"handovers-run\",\"audit\":{rows}}}\n")
}

/// Returns the rows in the table, in the order of their places.
async fn stored(store: &Store) -> Vec<StoredRow> {
    let operator = store.operator();
    // Small pages, so that there are several.
    let (mut scan, mut rows) = (operator.scan_trail(3), Vec::new());
    while let Some(items) = scan.next_page().await.unwrap() {
        rows.extend(items.iter().filter(|item| !item.is_in_view()).map(|item| item.stored()));
    }
    rows.sort_by(|one, other| (&one.pk, &one.sk).cmp(&(&other.pk, &other.sk)));
    rows
}

fn parsed(stored: &StoredRow) -> Row {
    serde_json::from_str(&stored.row).unwrap()
}

#[test]
fn nothing_is_wrong_in_a_good_trail() {
    run(async |world: World| {
        let trail = Trail::new(world, "good").await;
        let verdict = trail.verify().await;
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
        let rows = "8 rows in 2 chains, 8 named by the log: no row is wrong";
        assert_eq!(verdict.summary, [rows, "views: no item is wrong"]);
        assert!(verdict.warnings.is_empty() && verdict.unnamed.is_empty());
    });
}

#[test]
fn edited_row_is_found() {
    run(async |world: World| {
        let trail = Trail::new(world, "edited").await;
        let mut row = trail.first()[1].clone();
        row.row = row.row.replace("handovers-run", "handovers-ran");
        trail.put(&row).await;
        trail.expect(1, "was changed: its text does not have its hash").await;
    });
}

#[test]
fn deleted_row_is_found() {
    run(async |world: World| {
        let trail = Trail::new(world, "deleted").await;
        trail.delete(&trail.first()[1..2]).await;
        trail.expect(1, "is missing").await;
    });
}

#[test]
fn deleted_end_of_a_chain_is_found_by_the_log() {
    run(async |world: World| {
        let trail = Trail::new(world, "end").await;
        trail.delete(&trail.first()[3..]).await;
        trail.expect(3, "is missing").await;

        let without_log = trail.verify_with(Sources::default()).await;
        assert!(without_log.problems.is_empty(), "{:?}", without_log.problems);
        assert!(without_log.warnings[0].contains("--log"), "{:?}", without_log.warnings);
    });
}

#[test]
fn deleted_chain_is_found_by_the_log() {
    run(async |world: World| {
        let trail = Trail::new(world, "chain").await;
        trail.delete(trail.first()).await;
        trail.expect(0, "is missing").await;
    });
}

#[test]
fn swapped_rows_are_found() {
    run(async |world: World| {
        let trail = Trail::new(world, "swapped").await;
        let [_, one, other, ..] = trail.first() else { panic!("too few rows") };
        let [one_key, other_key] = [one, other].map(|row| row.sk.clone());
        trail.put(&StoredRow { sk: other_key, ..one.clone() }).await;
        trail.put(&StoredRow { sk: one_key, ..other.clone() }).await;
        trail.expect(1, "was put in the place of another row").await;
    });
}

#[test]
fn end_with_hashes_that_were_computed_anew_is_found_by_the_log() {
    run(async |world: World| {
        let trail = Trail::new(world, "forged").await;
        trail.forge_end().await;
        trail.expect(2, "differs from the log: it was computed anew").await;
    });
}

#[test]
fn replayed_row_is_found() {
    run(async |world: World| {
        let trail = Trail::new(world, "replayed").await;
        let old = trail.first()[0].clone();
        trail.put(&StoredRow { sk: format!("{:012}", ROWS[0]), ..old }).await;
        trail.expect(5, "was put in the place of another row").await;
    });
}

#[test]
fn row_that_no_log_line_names_is_counted() {
    run(async |world: World| {
        let trail = Trail::new(world, "unnamed").await;
        let store = trail.world.app.store().recorded_as("ops import-users", RETENTION);
        let id = import(&store, "amara", Timestamp::system()).await;
        let rows = trail.world.audit_rows().await;
        let row = rows.iter().find(|row| row.facts.operation == "ops import-users").unwrap();
        assert_eq!(row.facts.subjects.accounts, [id].into());

        let verdict = trail.verify().await;
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
        assert_eq!(verdict.unnamed, slice::from_ref(&row.place.chain));
        assert!(verdict.summary[1].contains("the last row of 1 chain"), "{:?}", verdict.summary);
    });
}

#[test]
fn item_that_is_no_row_is_found() {
    run(async |world: World| {
        let trail = Trail::new(world, "stranger").await;
        trail.put(&StoredRow { pk: "OTHER#1".to_owned(), ..trail.first()[0].clone() }).await;
        let verdict = trail.verify().await;
        assert_eq!(verdict.problems, ["the item OTHER#1 / 000000000000 is no row"]);
    });
}

#[test]
fn rows_are_found_in_the_order_of_time() {
    run(async |world: World| {
        let trail = Trail::new(world, "found").await;
        let store = trail.world.app.store();
        let patient = PatientId::new(7);
        let subjects = Subjects { patients: patient.into_iter().collect(), ..Subjects::default() };
        let recorded = store.recorded_as("ops audit find", RETENTION);
        recorded.operator().record(subjects).await.unwrap();

        let of_patient = Criteria { patient, ..Criteria::default() };
        let found = find(store, &of_patient).await.unwrap();
        let row: Row = serde_json::from_str(&found.rows[0]).unwrap();
        assert_eq!((found.rows.len(), found.wrong), (1, 0));
        assert_eq!(row.facts.operation, "ops audit find");

        let day = trail.world.app.now().utc_date();
        let mut expected: Vec<Row> = stored(store).await.iter().map(parsed).collect();
        expected.retain(|row| row.at.utc_date() == day);
        expected.sort_by(|one, other| (one.at, &one.place).cmp(&(other.at, &other.place)));
        let of_day = Criteria { day: Some(day.parse().unwrap()), ..Criteria::default() };
        let found = find(store, &of_day).await.unwrap().rows;
        let found: Vec<Row> = found.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
        assert!(expected.len() >= 8);
        assert_eq!(found, expected);

        let of_nobody = Criteria { patient, actor: UserId::new(1), ..Criteria::default() };
        assert!(find(store, &of_nobody).await.unwrap().rows.is_empty());
    });
}

#[test]
fn rebuilding_twice_changes_nothing_and_views_are_no_rows() {
    run(async |world: World| {
        let trail = Trail::new(world, "views").await;
        let (store, now) = (trail.world.app.store(), trail.world.app.now());
        let archive = Archive::Folder(trail.folder.join("archive"));
        // Each row is in the view of its day.
        for missing in [8, 0] {
            let rebuilt = rebuild(store, Some(&archive), None, now).await.unwrap();
            let mended = Differences { missing, ..Differences::default() };
            assert_eq!(rebuilt, Rebuilt { rows: 8, wrong: 0, mended });
            let day = TrailView::Day(now.utc_date().parse().unwrap());
            let page = store.trail_page(day, 50, None, |_| true).await.unwrap();
            assert_eq!(page.results.len(), 8);
        }
        let archive = Some(trail.folder.join("archive"));
        let verdict = trail.verify_with(Sources { archive, ..Sources::default() }).await;
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
        assert!(verdict.summary[0].starts_with("8 rows in 2 chains"), "{:?}", verdict.summary);
        assert!(verdict.summary[1].starts_with("archive: 8 rows in 2"), "{:?}", verdict.summary);

        let later = Some("2026-02-01".parse().unwrap());
        let rebuilt = rebuild(store, None, later, now).await.unwrap();
        assert_eq!(rebuilt, Rebuilt::default());
    });
}
