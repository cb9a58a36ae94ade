//! The rows of the care of all patients, and what must hold of them after whatever happened.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use shared::testing::World;

pub type Row = HashMap<String, AttributeValue>;

/// A doctor, and the id of an episode.
type Episodes = BTreeSet<(u64, String)>;

/// A doctor and a patient.
type Pair = (u64, u64);

/// The rows of a table.
pub struct Rows {
    /// The episodes in the items of care. Each has the attribute `patient_id`, as those of the past have.
    pub care: Vec<Row>,
    /// The other rows by their keys.
    others: BTreeMap<(String, String), Row>,
}

impl Rows {
    pub async fn read(world: &World) -> Self {
        let (mut care, mut others) = (Vec::new(), BTreeMap::new());
        for row in world.rows("").await {
            let key = (text(&row, "pk").to_owned(), text(&row, "sk").to_owned());
            if key.1 == "CARE" {
                let patient = AttributeValue::N(id_in(&key.0).to_string());
                for episode in row["episodes"].as_l().unwrap() {
                    let mut episode = episode.as_m().unwrap().clone();
                    episode.insert("patient_id".to_owned(), patient.clone());
                    care.push(episode);
                }
            } else {
                others.insert(key, row);
            }
        }
        Self { care, others }
    }

    /// Returns the rows in partitions with this prefix whose sort key has this prefix.
    pub fn with<'a>(
        &'a self,
        partitions: &'a str,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a Row> {
        let rows = self.others.iter();
        let rows =
            rows.filter(move |((pk, sk), _)| pk.starts_with(partitions) && sk.starts_with(prefix));
        rows.map(|(_, row)| row)
    }

    /// Returns the doctors of these rows with the ids of their episodes.
    pub fn doctors<'a>(rows: impl Iterator<Item = &'a Row>) -> Episodes {
        rows.map(|row| (number(row, "doctor_id"), text(row, "id").to_owned())).collect()
    }

    /// Returns the doctors who have a patient now or later, in ascending order.
    pub fn open_of(&self, patient: u64) -> Vec<u64> {
        doctors_of(patient, self.care.iter())
    }

    /// Returns the doctors of a patient's past episodes, one for each episode, in ascending order.
    pub fn past_of(&self, patient: u64) -> Vec<u64> {
        doctors_of(patient, self.with("PATIENT#", "PAST#"))
    }

    /// Returns the patients of the rows by date, with the ends that they name.
    pub fn ends(&self) -> BTreeMap<u64, String> {
        let mut ends = BTreeMap::new();
        for (pk, sk) in self.others.keys().filter(|(pk, _)| pk.starts_with("ENDS#")) {
            let (end, _) = sk.split_once('#').unwrap();
            assert_eq!(pk.strip_prefix("ENDS#"), end.get(..10), "a row is at its date");
            let other = ends.insert(id_in(sk), end.to_owned());
            assert_eq!(other, None, "a patient has one row");
        }
        ends
    }

    /// Fails the test unless all rows agree with the care, and no doctor has a patient twice at a time.
    pub fn check(&self) {
        let open = Self::doctors(self.care.iter());
        assert_eq!(open.len(), self.care.len());
        assert_eq!(Self::doctors(self.with("PATIENT#", "DOCTOR#")), open);
        assert_eq!(Self::doctors(self.with("DOCTOR#", "NAME#")), open);
        assert_eq!(self.with("DOCTOR#", "NAME#").count(), open.len());
        let past = Self::doctors(self.with("PATIENT#", "PAST#"));
        assert_eq!(Self::doctors(self.with("DOCTOR#", "PAST#")), past);
        assert_eq!(self.with("PATIENT#", "PAST#").count(), past.len());
        assert!(past.is_disjoint(&open));
        let mut first_ends: BTreeMap<u64, String> = BTreeMap::new();
        for row in self.care.iter().filter(|row| row.contains_key("ends_at")) {
            let end = text(row, "ends_at").to_owned();
            let first = first_ends.entry(number(row, "patient_id")).or_insert(end.clone());
            *first = end.min(first.clone());
        }
        assert_eq!(self.ends(), first_ends);

        let mut periods: BTreeMap<Pair, Vec<(&str, Option<&str>)>> = BTreeMap::new();
        for row in self.care.iter().chain(self.with("PATIENT#", "PAST#")) {
            let end = row.get("ends_at").map(|end| end.as_s().unwrap().as_str());
            let period = (text(row, "starts_at"), end);
            // An episode that ended when it began has no time.
            if end != Some(period.0) {
                periods.entry(pair(row)).or_default().push(period);
            }
        }
        for (pair, mut periods) in periods {
            periods.sort_unstable();
            for two in periods.windows(2) {
                assert!(two[0].1.is_some_and(|end| end <= two[1].0), "{pair:?}: {periods:?}");
            }
        }
    }

    pub fn primaries(&self) -> usize {
        self.care.iter().filter(|row| text(row, "role") == "primary").count()
    }
}

pub fn text<'a>(row: &'a Row, attribute: &str) -> &'a str {
    row[attribute].as_s().unwrap()
}

pub fn number(row: &Row, attribute: &str) -> u64 {
    row[attribute].as_n().unwrap().parse().unwrap()
}

fn pair(row: &Row) -> Pair {
    (number(row, "doctor_id"), number(row, "patient_id"))
}

fn doctors_of<'a>(patient: u64, rows: impl Iterator<Item = &'a Row>) -> Vec<u64> {
    let rows = rows.filter(|row| number(row, "patient_id") == patient);
    let mut doctors: Vec<u64> = rows.map(|row| number(row, "doctor_id")).collect();
    doctors.sort_unstable();
    doctors
}

/// Returns the id at the end of a key.
fn id_in(key: &str) -> u64 {
    key.rsplit('#').next().unwrap().parse().unwrap()
}
