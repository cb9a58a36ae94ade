//! Views that somebody tampers with by hand, as `verify` reports them and `rebuild` mends them.

use std::time::Duration;

use shared::audit::{Corrected, DONE, Facts};

use super::super::views::Views;
use super::*;

/// Longer than a row may be absent from its views.
const LATER: Duration = Duration::from_secs(2 * 60 * 60);

/// The position of the patient's view in `row.views()` of the rows of [`Tampered`]. Before it are those of the day (0)
/// and of the account (1).
const OF_PATIENT: usize = 2;

const CHANGED: &str = "differs from the row in the trail";
const INVENTED: &str = "shows a row that is not in the trail, or does not belong in this view";
const MISSING: &str = "is missing in the view";
const OUTDATED: &str = "shows a row without its correction";

/// A trail whose views are right, with three rows of an account about patient 7.
struct Tampered {
    trail: Trail,
    /// A read that was refused: its row, and the row that corrects it.
    first: StoredRow,
    correction: StoredRow,
    /// Another read.
    read: StoredRow,
    /// The right items of all views.
    right: Vec<StoredRow>,
}

impl Tampered {
    async fn new(world: World, name: &str) -> Self {
        let trail = Trail::new(world, name).await;
        let at = trail.world.app.now();
        let first = row(&trail, "reads", 0, "", None);
        let corrects = Corrected { place: parsed(&first).place, at };
        let correction = row(&trail, "reads", 1, &first.hash, Some(corrects));
        let read = row(&trail, "reads", 2, &correction.hash, None);
        for row in [&first, &correction, &read] {
            trail.put(row).await;
        }
        trail.world.put_views().await;
        let right = items(trail.world.app.store()).await;
        Self { trail, first, correction, read, right }
    }

    /// Puts an item that shows a row into the view that the key of another row names.
    async fn show(&self, shown: &StoredRow, of: &StoredRow, view: usize) {
        self.show_under(shown, of, view, |pk| pk).await;
    }

    /// Puts such an item under a partition key that is made of the view's.
    async fn show_under(
        &self,
        shown: &StoredRow,
        of: &StoredRow,
        view: usize,
        partition: impl Fn(String) -> String,
    ) {
        let mut key = parsed(of).views().swap_remove(view);
        key.pk = partition(key.pk);
        let put = self.trail.world.dynamodb.put_item().table_name(AUDIT_TABLE_NAME);
        put.set_item(Some(shown.in_view(key))).send().await.unwrap();
    }

    /// Removes the item of a row from a view.
    async fn remove(&self, row: &StoredRow, view: usize) {
        let mut key = row.in_view(parsed(row).views().swap_remove(view));
        key.retain(|name, _| name == "pk" || name == "sk");
        let delete = self.trail.world.dynamodb.delete_item().table_name(AUDIT_TABLE_NAME);
        delete.set_key(Some(key)).send().await.unwrap();
    }

    async fn verify(&self) -> Verdict {
        self.trail.verify_with(Sources::default()).await
    }

    /// Fails unless `verify` finds these problems of views and no other, and `rebuild` mends so many items.
    async fn expect(&self, mut problems: Vec<String>, mended: Differences) {
        self.trail.world.advance(LATER);
        let verdict = self.verify().await;
        problems.sort();
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
        assert_eq!(verdict.views, problems);
        let (store, now) = (self.trail.world.app.store(), self.trail.world.app.now());
        for mended in [mended, Differences::default()] {
            let rebuilt = rebuild(store, None, None, now).await.unwrap();
            assert_eq!(rebuilt, Rebuilt { rows: 11, wrong: 0, mended });
            assert_eq!(items(store).await, self.right);
        }
        assert!(self.verify().await.views.is_empty());
    }
}

/// Returns a row about a read of patient 7.
fn row(trail: &Trail, chain: &str, seq: u64, prev: &str, corrects: Option<Corrected>) -> StoredRow {
    let at = trail.world.app.now();
    let facts = Facts {
        operation: "patients-get".into(),
        actor: UserId::new(3),
        subjects: Subjects {
            patients: PatientId::new(7).into_iter().collect(),
            ..Subjects::default()
        },
        outcome: if corrects.is_some() { "not_assigned".into() } else { DONE },
        ..Facts::default()
    };
    let place = Place { chain: chain.to_owned(), seq };
    let ttl = at.plus(RETENTION).as_second();
    let row = Row::new(place, prev.to_owned(), at, facts, corrects, Vec::new(), ttl);
    StoredRow::of(&row.seal().unwrap().item)
}

/// Returns the items of all views, in the order of their keys.
async fn items(store: &Store) -> Vec<StoredRow> {
    let operator = store.operator();
    let (mut scan, mut found) = (operator.scan_trail(100), Vec::new());
    while let Some(items) = scan.next_page().await.unwrap() {
        found.extend(items.iter().filter(|item| item.is_in_view()).map(|item| item.stored()));
    }
    found.sort_by(|one, other| (&one.pk, &one.sk).cmp(&(&other.pk, &other.sk)));
    found
}

/// Returns the line about the item of a row in a view.
fn problem(row: &StoredRow, view: usize, problem: &str) -> String {
    let key = parsed(row).views().swap_remove(view);
    format!("{} / {}: {problem}", key.pk, key.sk)
}

fn another_patient(_: String) -> String {
    "PATIENT#0000000000000008".to_owned()
}

#[test]
fn changed_items_are_replaced() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-changed").await;
        let text = views.read.row.replace("patients-get", "patients-update");
        let edited = StoredRow { row: text, ..views.read.clone() };
        views.show(&edited, &views.read, OF_PATIENT).await;
        let kept_for_longer = StoredRow { ttl: views.read.ttl + 1, ..views.read.clone() };
        views.show(&kept_for_longer, &views.read, 1).await;
        let empty = StoredRow { row: String::new(), ..views.read.clone() };
        views.show(&empty, &views.correction, OF_PATIENT).await;
        let problems = vec![
            problem(&views.read, OF_PATIENT, CHANGED),
            problem(&views.read, 1, CHANGED),
            problem(&views.correction, OF_PATIENT, CHANGED),
        ];
        views.expect(problems, Differences { changed: 3, ..Differences::default() }).await;
    });
}

#[test]
fn invented_items_are_removed() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-invented").await;
        let invented = row(&views.trail, "invented", 0, "", None);
        views.show(&invented, &invented, OF_PATIENT).await;
        let unreadable = StoredRow { row: "{}".to_owned(), ..views.read.clone() };
        views.show_under(&unreadable, &views.read, OF_PATIENT, another_patient).await;
        let other = problem(&views.read, OF_PATIENT, INVENTED).replace("0007 /", "0008 /");
        let problems = vec![problem(&invented, OF_PATIENT, INVENTED), other];
        views.expect(problems, Differences { invented: 2, ..Differences::default() }).await;
    });
}

#[test]
fn removed_items_are_put_again() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-removed").await;
        for view in [0, OF_PATIENT] {
            views.remove(&views.read, view).await;
        }
        views.remove(&views.correction, 1).await;
        // A row may be late.
        assert!(views.verify().await.views.is_empty());
        let problems = vec![
            problem(&views.read, 0, MISSING),
            problem(&views.read, OF_PATIENT, MISSING),
            problem(&views.correction, 1, MISSING),
        ];
        views.expect(problems, Differences { missing: 3, ..Differences::default() }).await;
    });
}

#[test]
fn item_moved_to_another_patient_is_moved_back() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-moved").await;
        views.remove(&views.read, OF_PATIENT).await;
        views.show_under(&views.read, &views.read, OF_PATIENT, another_patient).await;
        let other = problem(&views.read, OF_PATIENT, INVENTED).replace("0007 /", "0008 /");
        let problems = vec![problem(&views.read, OF_PATIENT, MISSING), other];
        let mended = Differences { missing: 1, invented: 1, ..Differences::default() };
        views.expect(problems, mended).await;
    });
}

#[test]
fn correction_takes_the_place_of_its_first_row_again() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-outdated").await;
        views.show(&views.first, &views.correction, OF_PATIENT).await;
        assert!(views.verify().await.views.is_empty());
        let problems = vec![problem(&views.correction, OF_PATIENT, OUTDATED)];
        views.expect(problems, Differences { changed: 1, ..Differences::default() }).await;
    });
}

#[test]
fn views_are_mended_across_pages() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-pages").await;
        views.show(&views.first, &views.correction, OF_PATIENT).await;
        views.show(&views.read, &views.correction, 1).await;
        views.remove(&views.correction, 0).await;
        let (store, now) = (views.trail.world.app.store(), views.trail.world.app.now());
        let mut walk = Views::since(store, String::new(), now);
        let operator = store.operator();
        let mut pages = operator.scan_trail(1);
        while let Some(page) = pages.next_page().await.unwrap() {
            walk.mend(&page).await.unwrap();
        }
        assert_eq!(walk.differences(), Differences { missing: 1, changed: 2, invented: 0 });
        assert_eq!(items(store).await, views.right);
    });
}

#[test]
fn row_that_was_changed_is_in_no_view_that_is_mended() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-uncertain").await;
        let text = views.read.row.replace("patients-get", "patients-update");
        views.trail.put(&StoredRow { row: text, ..views.read.clone() }).await;
        views.remove(&views.read, OF_PATIENT).await;
        views.trail.world.advance(LATER);
        let verdict = views.verify().await;
        assert_eq!(verdict.problems.len(), 1, "{:?}", verdict.problems);
        assert!(verdict.problems[0].contains("was changed"), "{:?}", verdict.problems);
        assert!(verdict.views.is_empty(), "{:?}", verdict.views);

        // The other views keep the row as it was written.
        let before = items(views.trail.world.app.store()).await;
        let now = views.trail.world.app.now();
        let rebuilt = rebuild(views.trail.world.app.store(), None, None, now).await.unwrap();
        assert_eq!(rebuilt, Rebuilt { rows: 10, wrong: 1, mended: Differences::default() });
        assert_eq!(items(views.trail.world.app.store()).await, before);
    });
}

#[test]
fn rows_that_cargo_dev_did_not_pass_on_are_counted() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-local").await;
        views.remove(&views.read, OF_PATIENT).await;
        views.trail.world.advance(LATER);
        let sources = Sources { is_local: true, ..Sources::default() };
        let verdict = views.trail.verify_with(sources).await;
        assert!(verdict.views.is_empty(), "{:?}", verdict.views);
        let summary = &verdict.summary;
        assert!(summary.iter().any(|it| it.contains("1 missing item")), "{summary:?}");
    });
}

#[test]
fn item_that_is_about_to_expire_is_not_compared() {
    run(async |world: World| {
        let views = Tampered::new(world, "view-expired").await;
        views.trail.delete(slice::from_ref(&views.read)).await;
        views.trail.world.advance(RETENTION);
        assert!(views.verify().await.views.is_empty());
    });
}
