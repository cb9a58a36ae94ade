//! Panels: the patients of a doctor, in the order of names, and the panels of several doctors merged.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};

use serde::{Deserialize, Serialize};

use super::care::panel_prefix;
use super::error::StoreError;
use super::keys::{PANEL_PREFIX, id_in, id_in_sort_key, record_id};
use super::tables::Store;
use crate::dynamo::{self, Item, Key, Query, ReadPlan, Rows};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{DoctorId, Id, PatientId};
use crate::model::page::{Page, Paging};
use crate::model::period::Period;
use crate::model::record::Details;
use crate::model::search::is_cjk;
use crate::model::timestamp::Timestamp;

/// The attributes of a row that say to whom an assignment gives access, and when.
const PERIOD_ATTRIBUTES: &[&str] = &["pk", "sk", "starts_at", "ends_at"];

/// The number of rows of a panel that are read at a time when all of its patients change.
pub(super) const ROWS: i32 = 40;

/// How many rows of a panel a search by name looks at for one page.
const SEARCHED: i32 = 500;

/// The most words of a search that the rows of a panel are filtered by. The records are compared with all words.
const MAX_WORDS: usize = 8;

/// A part of some panels, in the order of names. All of them begin after the same place and end at the same place.
pub struct PanelRows {
    rows: Vec<PanelRow>,
    /// The place at which the rows end; `None` at the end of all panels.
    end: Option<String>,
}

struct PanelRow {
    /// The sort key without the prefix of panels. It is the same in all panels.
    place: String,
    patient: PatientId,
    /// Whether it is a row of the first panel.
    is_first: bool,
    period: Period,
}

/// Which rows of a panel there are: their number, and the sum of the hashes of their sort keys, in no order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PanelSum {
    pub rows: u64,
    hash: u64,
}

impl Store {
    /// Reads the same part of each panel. With the words of a name, it reads the rows of names that contain them. Calls:
    /// Query for each panel, at the same time.
    pub(super) async fn panels(
        &self,
        doctors: &[DoctorId],
        name: Option<&str>,
        paging: &Paging<String>,
    ) -> Result<Vec<Rows>, StoreError> {
        let prefix = panel_prefix();
        let after = paging.after.as_ref().map(|place| format!("{prefix}{place}"));
        let partitions: Vec<String> =
            doctors.iter().map(|doctor| Key::record::<DoctorDetails>(*doctor).pk).collect();
        let mut queries = Vec::with_capacity(partitions.len());
        for partition in &partitions {
            let after = after.clone().map(|sk| Item::from(Key { pk: partition.clone(), sk }));
            let query = Query::partition(partition)
                .beginning_with(&prefix)
                .project("sk, starts_at, ends_at")
                .after(after);
            queries.push(match name {
                Some(name) => query.filter_contains("names", words_in(name)).limit(SEARCHED),
                None => query.limit(paging.limit),
            });
        }
        Ok(self.main.query_all(queries).await?)
    }

    /// Returns the next rows of a doctor's panel, read consistently: up to 40 after this sort key, by any rule for names.
    /// Calls: Query.
    pub(super) async fn panel_rows(
        &self,
        doctor: DoctorId,
        after: Option<&str>,
    ) -> Result<Vec<Key>, StoreError> {
        let Key { pk, .. } = Key::record::<DoctorDetails>(doctor);
        let key = |sk: &str| Key { pk: pk.clone(), sk: sk.to_owned() };
        let query = Query::partition(&pk)
            .beginning_with(PANEL_PREFIX)
            .project("sk")
            .limit(ROWS)
            .after(after.map(|sk| key(sk).into()));
        let rows = self.main.query(query).await?;
        let key_of = |row: &Item| {
            let sk = dynamo::string(row, "sk").ok_or_else(|| StoreError::missing("a key"))?;
            Ok(key(sk))
        };
        rows.items.iter().map(key_of).collect()
    }

    /// Returns which rows a doctor's panel has. Calls: Query for every megabyte.
    pub(super) async fn panel_sum(&self, doctor: DoctorId) -> Result<PanelSum, StoreError> {
        let Key { pk, .. } = Key::record::<DoctorDetails>(doctor);
        let (mut sum, mut after) = (PanelSum::default(), None);
        loop {
            let query = Query::partition(&pk).beginning_with(PANEL_PREFIX).after(after);
            let rows = self.main.query(query.project("sk")).await?;
            for row in &rows.items {
                let sk = dynamo::string(row, "sk").ok_or_else(|| StoreError::missing("a key"))?;
                sum.add(sk);
            }
            after = rows.next(|last| Some(last.clone()))?;
            if after.is_none() {
                return Ok(sum);
            }
        }
    }

    /// Returns those of the patients whom at least one of the doctors has now, each with these doctors, as the rows say
    /// that give access. Calls: BatchGetItem for every 100 pairs; none without any.
    pub(super) async fn treated(
        &self,
        doctors: &[DoctorId],
        patients: &HashSet<PatientId>,
        now: Timestamp,
    ) -> Result<HashMap<PatientId, HashSet<DoctorId>>, StoreError> {
        let pairs = |doctor: &DoctorId| {
            let doctor = *doctor;
            patients.iter().map(move |patient| Key::assignment(*patient, doctor))
        };
        let keys = doctors.iter().flat_map(pairs).collect();
        let plan = ReadPlan { keys, attributes: PERIOD_ATTRIBUTES };
        let mut treated: HashMap<_, HashSet<_>> = HashMap::new();
        for row in self.main.batch_get(plan).await? {
            let patient = dynamo::string(&row, "pk").and_then(id_in);
            let doctor = dynamo::string(&row, "sk").and_then(record_id::<DoctorDetails>);
            let ids = patient.zip(doctor);
            let (patient, doctor) = ids.ok_or_else(|| StoreError::missing("an id"))?;
            if dynamo::parse::<Period>(row)?.contains(now) {
                treated.entry(patient).or_default().insert(doctor);
            }
        }
        Ok(treated)
    }
}

impl PanelSum {
    pub(super) fn add(&mut self, sort_key: &str) {
        // The same in every process, unlike the hash of a map.
        let mut hasher = DefaultHasher::new();
        hasher.write(sort_key.as_bytes());
        self.rows += 1;
        self.hash = self.hash.wrapping_add(hasher.finish());
    }
}

impl PanelRows {
    /// Merges the same part of some panels. A panel that was not read to its end ends all of them: it may have further
    /// rows before the last rows of the others.
    pub(super) fn merge(found: Vec<Rows>) -> Result<Self, StoreError> {
        let prefix = panel_prefix();
        let place_in = |row: &Item| {
            let place = dynamo::string(row, "sk")?.strip_prefix(&prefix)?;
            Some(place.to_owned())
        };
        let (mut rows, mut end) = (Vec::new(), None::<String>);
        for (number, panel) in found.into_iter().enumerate() {
            let is_first = number == 0;
            if let Some(last) = panel.next(place_in)? {
                end = match end {
                    Some(end) if end < last => Some(end),
                    _ => Some(last),
                };
            }
            for row in panel.items {
                let place = place_in(&row).ok_or_else(|| StoreError::missing("a key"))?;
                let patient = id_in_sort_key(&place);
                let patient = patient.ok_or_else(|| StoreError::missing("an id"))?;
                rows.push(PanelRow { place, patient, is_first, period: dynamo::parse(row)? });
            }
        }
        rows.retain(|row| end.as_ref().is_none_or(|end| row.place <= *end));
        rows.sort_by(|one, other| one.place.cmp(&other.place));
        Ok(Self { rows, end })
    }

    /// Returns the patients whom the doctor of the first panel does not have now, but another of the doctors.
    pub(super) fn of_others_only(&self, now: Timestamp) -> HashSet<PatientId> {
        let patients = |is_first: bool| -> HashSet<PatientId> {
            let rows = self.rows.iter().filter(|row| row.is_first == is_first);
            rows.filter(|row| row.period.contains(now)).map(|row| row.patient).collect()
        };
        &patients(false) - &patients(true)
    }

    /// Returns the patients whom the doctors have now, at most `limit` and each of them once, and the place after which
    /// the next page begins.
    pub(super) fn page(self, limit: usize, now: Timestamp) -> Page<PatientId, String> {
        let (mut results, mut seen) = (Vec::new(), HashSet::new());
        let mut last = None;
        for PanelRow { place, patient, .. } in
            self.rows.into_iter().filter(|row| row.period.contains(now))
        {
            if seen.contains(&patient) {
                continue;
            }
            if results.len() == limit {
                return Page { results, next: last };
            }
            seen.insert(patient);
            results.push(patient);
            last = Some(place);
        }
        Page { results, next: self.end }
    }
}

/// Returns the id of a patient as the id of a record of this kind; `None` unless it is a kind of patient.
pub fn id_of_patient<D: Details>(patient: PatientId) -> Option<D::Id> {
    D::Id::new(patient.get()).filter(|id| D::patient(*id) == Some(patient))
}

/// Returns texts that the names of every patient contain whom a search by this name can find. A word of a script without
/// spaces may be two names, in another order: its characters are looked for one by one.
fn words_in(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in name.split(' ').filter(|word| !word.is_empty()) {
        if word.starts_with(is_cjk) {
            words.extend(word.chars().map(String::from));
        } else {
            words.push(word.to_owned());
        }
    }
    words.truncate(MAX_WORDS);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_tells_which_rows_there_are_in_any_order() {
        let sum = |keys: &[&str]| {
            let mut sum = PanelSum::default();
            keys.iter().for_each(|key| sum.add(key));
            sum
        };
        assert_eq!(sum(&["roe", "doe"]), sum(&["doe", "roe"]));
        for others in [&["roe", "poe"][..], &["roe"], &["roe", "doe", "doe"], &[]] {
            assert_ne!(sum(&["roe", "doe"]), sum(others));
        }
    }
}
