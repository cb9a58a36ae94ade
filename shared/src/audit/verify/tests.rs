//! A trail that is written as functions write it, and what is found wrong with it.

mod gaps;
mod tampering;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::audit::chains::Chains;
use crate::audit::row::{DONE, Facts, Sealed, Subjects};
use crate::dynamo::AttributeValue;
use crate::model::id::{Id, PatientId};
use crate::system::System;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RETENTION: Duration = Duration::from_secs(395 * 24 * 60 * 60);

/// The rows of each chain in [`two_chains`].
const ROWS: u64 = 4;

/// A process that writes rows, the table, and the log.
struct Trail {
    chains: Arc<Chains>,
    clock: Arc<AtomicI64>,
    system: System,
    items: Vec<Item>,
    log: Vec<(Head, Timestamp)>,
}

impl Trail {
    fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000));
        let time = clock.clone();
        let now = move || Timestamp::from_millisecond(time.load(Ordering::Relaxed));
        let system = System::new(Arc::new(now));
        Self { chains: Arc::default(), clock, system, items: Vec::new(), log: Vec::new() }
    }

    fn advance(&self, duration: Duration) {
        let duration = i64::try_from(duration.as_millis()).unwrap();
        self.clock.fetch_add(duration, Ordering::Relaxed);
    }

    /// Writes the rows of so many simultaneous requests, and then the requests' lines in the log.
    fn write(&mut self, requests: usize) {
        let held: Vec<_> = (0..requests).map(|_| self.chains.take(&self.system).unwrap()).collect();
        for mut held in held {
            let now = self.system.now();
            let row = held.next_row(self.facts(), None, now, RETENTION).unwrap();
            self.items.push(row.item);
            self.log.push((held.written().unwrap(), now));
        }
    }

    /// Takes a row whose outcome stays unknown. Returns its place.
    fn doubt(&mut self, is_stored: bool) -> Place {
        let mut held = self.chains.take(&self.system).unwrap();
        let row = held.next_row(self.facts(), None, self.system.now(), RETENTION).unwrap();
        if is_stored {
            self.items.push(row.item);
        }
        row.head.place
    }

    /// Facts that differ from those of the row before.
    fn facts(&self) -> Facts {
        let patient = PatientId::new(self.items.len() as u64 + 1).unwrap();
        let subjects = Subjects { patients: [patient].into(), ..Subjects::default() };
        Facts { operation: "patients-get".into(), subjects, outcome: DONE, ..Facts::default() }
    }

    fn report(&self, items: &[Item]) -> Report {
        report(items, &self.log, self.system.now())
    }

    fn report_without_log(&self, items: &[Item]) -> Report {
        report(items, &[], self.system.now())
    }

    /// Returns the first wrong row of each chain, as a verification with the log finds it.
    fn findings(&self, items: &[Item]) -> Vec<(Place, Problem)> {
        self.report(items).findings.into_iter().collect()
    }

    fn findings_without_log(&self, items: &[Item]) -> Vec<(Place, Problem)> {
        self.report_without_log(items).findings.into_iter().collect()
    }

    /// Returns the rows without those at these places.
    fn without(&self, is_removed: impl Fn(&Place) -> bool) -> Vec<Item> {
        let kept = self.items.iter().filter(|item| !is_removed(&place_of(item).unwrap()));
        kept.cloned().collect()
    }
}

/// Returns a trail of two chains, whose rows alternate.
fn two_chains() -> Trail {
    let mut trail = Trail::new();
    for _ in 0..ROWS {
        trail.write(2);
        trail.advance(MINUTE);
    }
    trail
}

fn report(items: &[Item], log: &[(Head, Timestamp)], now: Timestamp) -> Report {
    let mut verification = Verification::default();
    items.iter().for_each(|item| verification.add_row(item));
    for (head, at) in log {
        verification.add_witness(head.clone(), *at);
    }
    verification.report(RETENTION, now)
}

/// Returns the indexes of a chain's rows, in order.
fn indexes(items: &[Item], chain: &str) -> Vec<usize> {
    let mut found: Vec<usize> = (0..items.len()).collect();
    found.retain(|index| place_of(&items[*index]).unwrap().chain == chain);
    found.sort_by_key(|index| place_of(&items[*index]).unwrap().seq);
    found
}

/// Returns the row in an item, changed, with a new hash.
fn rewritten(item: &Item, change: impl FnOnce(&mut Row)) -> Sealed {
    let mut row = row_in(item);
    change(&mut row);
    row.seal().unwrap()
}

fn row_in(item: &Item) -> Row {
    serde_json::from_str(string(item, TEXT).unwrap()).unwrap()
}

/// Says that a request was refused.
fn deny(row: &mut Row) {
    row.facts.outcome = "not_assigned".into();
}

/// Changes a row, and computes it and all later rows of its chain anew.
fn rehashed(items: &[Item], place: &Place) -> Vec<Item> {
    let mut items = items.to_vec();
    let mut prev: Option<String> = None;
    let later = usize::try_from(place.seq).unwrap();
    for index in indexes(&items, &place.chain).into_iter().skip(later) {
        let sealed = rewritten(&items[index], |row| match prev.take() {
            Some(prev) => row.prev = prev,
            None => deny(row),
        });
        items[index] = sealed.item;
        prev = Some(sealed.head.hash);
    }
    items
}

/// Puts the content of one row under the key of another row.
fn moved(item: &Item, to: &Place) -> Item {
    let mut item = item.clone();
    item.extend(Item::from(to.key()));
    item
}

#[track_caller]
fn assert_none(findings: &[(Place, Problem)]) {
    assert!(findings.is_empty(), "{findings:?}");
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[test]
fn same_row_may_be_added_twice() {
    let trail = two_chains();
    let mut items = [trail.items.clone(), trail.items.clone()].concat();
    let report = trail.report(&items);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.rows, 8);

    let place = place_of(&trail.items[0]).unwrap();
    items.truncate(8);
    items.extend(rehashed(&trail.items, &place));
    assert_eq!(trail.findings_without_log(&items), [(place, Problem::Ambiguous)]);
}

#[test]
fn items_that_are_no_rows_are_reported() {
    let mut trail = two_chains();
    let place = place_of(&trail.items[0]).unwrap();
    let stranger = |pk: &str, sk: &str| {
        let mut item = trail.items[0].clone();
        item.extend([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))]);
        item
    };
    let chain = place.key().pk;
    let strangers = [
        stranger(&chain, "4"),
        stranger(&chain, "+00000000004"),
        stranger(&chain, "#"),
        stranger("OTHER#1", "000000000004"),
    ];
    trail.items.extend(strangers);
    let report = trail.report(&trail.items);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let expected = ["4", "+00000000004", "#"].map(|sk| format!("{chain} / {sk}"));
    assert_eq!(report.strangers[..3], expected);
    assert_eq!(report.strangers[3], "OTHER#1 / 000000000004");
    assert_eq!(report.rows, 8);
}

#[test]
fn finding_is_a_sentence() {
    let place = Place { chain: "X".to_owned(), seq: 7 };
    let sentence = format!("{place} {}", Problem::Detached);
    assert_eq!(sentence, "row 7 of chain X does not follow the row before it");
}
