//! The views of the trail, by which readers find rows: those of a patient, of an account, or of a day, in the order of
//! time. A row and the row that corrects it are of one request, and are one row in the views.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::row::{HASH, Place, Row, TEXT, TTL, hash_of};
use crate::access::Act;
use crate::dynamo::{AttributeValue, Item, Key, number, string};
use crate::model::date::Date;
use crate::model::id::{Id, PatientId, UserId};
use crate::model::timestamp::Timestamp;

/// A day has so many partitions, because one partition takes only so many writes in a second.
const SHARDS: u8 = 16;

/// The rows that a reader asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrailView {
    /// Those that name the patient, except the rows of lists.
    Patient(PatientId),
    /// Those of an account's requests.
    Actor(UserId),
    /// Those of a day in UTC.
    Day(Date),
}

/// A row as the table, the stream and the archive have it: a line of an archived object. An absent attribute is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRow {
    pub pk: String,
    pub sk: String,
    /// The row's text.
    pub row: String,
    pub hash: String,
    pub ttl: i64,
}

impl TrailView {
    /// Returns the partitions that hold the view together.
    pub fn partitions(self) -> Vec<String> {
        match self {
            Self::Patient(id) => vec![of_patient(id)],
            Self::Actor(id) => vec![of_actor(id)],
            Self::Day(date) => (0..SHARDS).map(|shard| of_day(&date.iso(), shard)).collect(),
        }
    }
}

impl Row {
    /// Returns the keys of the row in the views. A row that corrects another one takes its place. Operators compare the
    /// views of rows of all versions with these keys, so after a change of them the views must be rebuilt.
    pub fn views(&self) -> Vec<Key> {
        let (place, at) = self.seen_at();
        let mut partitions = vec![of_day(&at.utc_date(), shard(place))];
        partitions.extend(self.facts.actor.map(of_actor));
        if !is_list(&self.facts.operation) {
            partitions.extend(self.facts.subjects.patients.iter().copied().map(of_patient));
        }
        let sk = format!("{at}#{}#{:012}", place.chain, place.seq);
        partitions.into_iter().map(|pk| Key { pk, sk: sk.clone() }).collect()
    }

    /// Returns place and time of the request's first row: the row that this one corrects, or this one.
    fn seen_at(&self) -> (&Place, Timestamp) {
        match &self.corrects {
            Some(first) => (&first.place, first.at),
            None => (&self.place, self.at),
        }
    }
}

impl StoredRow {
    /// Returns the row, if the text is that of a row at this place and has this hash.
    pub fn row(&self) -> Option<Row> {
        let row: Row = serde_json::from_str(&self.row).ok()?;
        let Key { pk, sk } = row.place.key();
        let is_at_its_place = pk == self.pk && sk == self.sk;
        let is_whole = hash_of(&self.row) == self.hash && row.ttl == self.ttl;
        (is_at_its_place && is_whole).then_some(row)
    }

    /// Returns an item of the trail's table.
    pub fn of(item: &Item) -> Self {
        let text = |name| string(item, name).unwrap_or_default().to_owned();
        let ttl = number(item, TTL).and_then(|ttl| i64::try_from(ttl).ok());
        Self {
            pk: text("pk"),
            sk: text("sk"),
            row: text(TEXT),
            hash: text(HASH),
            ttl: ttl.unwrap_or_default(),
        }
    }

    /// Returns the item of the row in the view with this key.
    pub fn in_view(&self, key: Key) -> Item {
        let mut item = Item::from(key);
        item.insert(TTL.to_owned(), AttributeValue::N(self.ttl.to_string()));
        item.insert(TEXT.to_owned(), AttributeValue::S(self.row.clone()));
        item
    }
}

/// The item of the trail's table.
impl From<&StoredRow> for HashMap<String, AttributeValue> {
    fn from(stored: &StoredRow) -> Self {
        let text = |text: &String| AttributeValue::S(text.clone());
        Self::from([
            ("pk".to_owned(), text(&stored.pk)),
            ("sk".to_owned(), text(&stored.sk)),
            (TEXT.to_owned(), text(&stored.row)),
            (HASH.to_owned(), text(&stored.hash)),
            (TTL.to_owned(), AttributeValue::N(stored.ttl.to_string())),
        ])
    }
}

/// Returns the row in an item of a view.
pub fn in_item(item: &Item) -> Option<Row> {
    serde_json::from_str(string(item, TEXT)?).ok()
}

/// Whether it is the operation of a list. One row names everybody on its page.
fn is_list(operation: &str) -> bool {
    Act::ALL.into_iter().any(|act| act.is_list() && act.function() == operation)
}

fn of_patient(id: PatientId) -> String {
    format!("PATIENT#{:016}", id.get())
}

fn of_actor(id: UserId) -> String {
    format!("ACTOR#{:016}", id.get())
}

fn of_day(date: &str, shard: u8) -> String {
    format!("DAY#{date}#{shard}")
}

/// Returns the number of the partition of a row within its day.
fn shard(place: &Place) -> u8 {
    let hash = digest(&SHA256, format!("{}#{}", place.chain, place.seq).as_bytes());
    hash.as_ref().first().map_or(0, |byte| byte % SHARDS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::row::{Corrected, DONE, Facts, Subjects};
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn row(operation: &'static str, seq: u64, corrects: Option<Corrected>) -> Row {
        let patients = [7, 8].map(|id| PatientId::new(id).unwrap()).into();
        let facts = Facts {
            operation: operation.into(),
            actor: UserId::new(3),
            subjects: Subjects { patients, ..Subjects::default() },
            outcome: DONE,
            ..Facts::default()
        };
        let place = Place { chain: "a".to_owned(), seq };
        let at = at("2026-02-01T00:00:00.001Z");
        Row::new(place, String::new(), at, facts, corrects, Vec::new(), 1_800_000_000)
    }

    #[test]
    fn row_is_in_the_views_of_its_day_its_account_and_its_patients() {
        let keys = row("patients-update", 5, None).views();
        let day = TrailView::Day("2026-02-01".parse().unwrap()).partitions();
        assert!(day.contains(&keys[0].pk), "{keys:?}");
        let others: Vec<_> = keys[1..].iter().map(|key| key.pk.as_str()).collect();
        let expected =
            ["ACTOR#0000000000000003", "PATIENT#0000000000000007", "PATIENT#0000000000000008"];
        assert_eq!(others, expected);
        assert!(keys.iter().all(|key| key.sk == "2026-02-01T00:00:00.001Z#a#000000000005"));
    }

    #[test]
    fn row_of_a_list_is_in_no_view_of_a_patient() {
        for operation in ["patients-list", "mappings-patients", "audit-list"] {
            assert_eq!(row(operation, 5, None).views().len(), 2, "{operation}");
        }
    }

    #[test]
    fn row_without_an_actor_is_in_no_view_of_an_account() {
        let mut row = row("patients-list", 5, None);
        row.facts.actor = None;
        assert_eq!(row.views().len(), 1);
    }

    #[test]
    fn correcting_row_takes_the_place_of_the_corrected_one() {
        let mut first = row("patients-get", 5, None);
        first.at = at("2026-01-31T23:59:59.999Z");
        let corrected = Corrected { place: first.place.clone(), at: first.at };
        assert_eq!(row("patients-get", 6, Some(corrected)).views(), first.views());
    }

    #[test]
    fn day_has_partitions_for_all_of_its_rows() {
        let day = TrailView::Day("2026-02-01".parse().unwrap()).partitions();
        assert_eq!(day.len(), usize::from(SHARDS));
        let used: BTreeSet<_> =
            (0..500).map(|seq| row("patients-get", seq, None).views()[0].pk.clone()).collect();
        assert_eq!(used, day.into_iter().collect());
    }

    #[test]
    fn stored_row_must_have_its_place_and_its_hash() {
        let sealed = row("patients-get", 5, None).seal().unwrap();
        let stored = StoredRow::of(&sealed.item);
        assert_eq!(stored.row(), Some(row("patients-get", 5, None)));
        assert_eq!(Item::from(&stored), sealed.item);
        let moved = StoredRow { sk: "000000000006".to_owned(), ..stored.clone() };
        let text = stored.row.replace("patients", "doctors");
        let changed = StoredRow { row: text, ..stored.clone() };
        let kept_for_longer = StoredRow { ttl: stored.ttl + 1, ..stored };
        for wrong in [moved, changed, kept_for_longer] {
            assert_eq!(wrong.row(), None, "{wrong:?}");
        }
    }
}
