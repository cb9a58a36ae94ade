//! Requests, and what their rows must say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde_json::Value;
use shared::audit::{DONE, Row};
use shared::model::id::{Id, PatientId};
use shared::model::timestamp::Timestamp;

use super::clinic::Clinic;
use super::trail::{self, Requests};
use crate::client::User;
use crate::response::Response;
use crate::threads::in_parallel;

/// The expected rows of a request; `None` is not checked.
#[derive(Debug, Clone)]
pub struct Says {
    operation: String,
    basis: Option<Option<&'static str>>,
    other_bases: BTreeMap<&'static str, BTreeSet<u64>>,
    patients: Option<BTreeSet<u64>>,
    accounts: BTreeSet<u64>,
    fields: Option<&'static [&'static str]>,
    rows: RangeInclusive<usize>,
    /// Whether each row is about its own change, and none corrects another.
    is_batch: bool,
    /// The further rows of a batch: the codes with which items failed, and the patients of these items.
    failed: Vec<(&'static str, BTreeSet<u64>)>,
    /// Set when the request has been answered.
    outcome: String,
    request_id: Option<String>,
    request: String,
}

/// One row, of this operation. Nothing else is checked.
pub fn one(operation: &str) -> Says {
    Says {
        operation: operation.to_owned(),
        basis: None,
        other_bases: BTreeMap::new(),
        patients: None,
        accounts: BTreeSet::new(),
        fields: None,
        rows: 1..=1,
        is_batch: false,
        failed: Vec::new(),
        outcome: String::new(),
        request_id: None,
        request: String::new(),
    }
}

/// As [`one`], with a second row that corrects the first one.
pub fn corrected(operation: &str) -> Says {
    Says { rows: 2..=2, ..one(operation) }
}

/// As [`one`], perhaps with a second row that corrects the first one.
pub fn perhaps_corrected(operation: &str) -> Says {
    Says { rows: 1..=2, ..one(operation) }
}

/// One row for each of this number of changes; the items that change nothing count as one change.
pub fn batch(operation: &str, rows: usize) -> Says {
    Says { rows: rows..=rows, is_batch: true, ..one(operation) }
}

impl Says {
    pub fn basis(self, basis: &'static str) -> Self {
        Self { basis: Some(Some(basis)), ..self }
    }

    /// The last row names exactly these patients as seen on this other basis.
    pub fn other_basis<'a>(
        mut self,
        basis: &'static str,
        patients: impl IntoIterator<Item = &'a Value>,
    ) -> Self {
        self.other_bases.insert(basis, patients.into_iter().filter_map(id).collect());
        self
    }

    /// The request was refused.
    pub fn no_basis(self) -> Self {
        Self { basis: Some(None), ..self }
    }

    /// The rows name exactly these patients.
    pub fn patients<'a>(self, patients: impl IntoIterator<Item = &'a Value>) -> Self {
        Self { patients: Some(patients.into_iter().filter_map(id).collect()), ..self }
    }

    /// The rows name at least this account.
    pub fn account(mut self, account: &User) -> Self {
        self.accounts.extend(id(&account.user));
        self
    }

    /// Some items of the batch failed with this code, and are about exactly these patients. Codes are in their order.
    pub fn failed<'a>(
        mut self,
        code: &'static str,
        patients: impl IntoIterator<Item = &'a Value>,
    ) -> Self {
        self.failed.push((code, patients.into_iter().filter_map(id).collect()));
        self
    }

    pub fn fields(self, fields: &'static [&'static str]) -> Self {
        Self { fields: Some(fields), ..self }
    }

    fn check(&self, rows: &[&Row]) {
        let what = &self.request;
        let ids = |patients: &BTreeSet<PatientId>| patients.iter().map(|it| it.get()).collect();
        let (rows, failed): (Vec<&Row>, Vec<&Row>) =
            rows.iter().copied().partition(|row| !self.is_batch || row.facts.outcome == DONE);
        let failed = failed.iter().map(|row| &row.facts);
        let mut failed: Vec<(&str, BTreeSet<u64>)> =
            failed.map(|facts| (&*facts.outcome, ids(&facts.subjects.patients))).collect();
        failed.sort_unstable();
        assert_eq!(failed, self.failed, "{what}");
        assert!(self.rows.contains(&rows.len()), "{what}: {self:?}\n{rows:#?}");
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        if self.is_batch {
            assert!(rows.iter().all(|row| row.corrects.is_none()), "{what}: {rows:#?}");
        } else if rows.len() == 2 {
            let corrected = last.corrects.as_ref().map(|row| (&row.place, row.at));
            assert_eq!(corrected, Some((&first.place, first.at)), "{what}");
            assert_eq!((first.corrects.as_ref(), &first.facts.outcome), (None, &DONE), "{what}");
            assert_ne!(first.facts, last.facts, "{what}: nothing was to correct");
        } else {
            assert_eq!(last.corrects, None, "{what}");
        }
        let facts = &last.facts;
        assert_eq!(facts.operation, self.operation, "{what}");
        assert_eq!(facts.outcome, self.outcome, "{what}");
        assert!(facts.session.is_some(), "{what}: {facts:?}");
        if let Some(basis) = self.basis {
            assert_eq!(facts.basis.as_deref(), basis, "{what}");
        }
        let other_bases = facts.other_bases.iter();
        let other_bases: BTreeMap<&str, BTreeSet<u64>> =
            other_bases.map(|(basis, patients)| (&**basis, ids(patients))).collect();
        assert_eq!(other_bases, self.other_bases, "{what}");
        if let Some(request_id) = &self.request_id {
            assert_eq!(facts.request_id, *request_id, "{what}");
        }
        if let Some(patients) = &self.patients {
            let named = rows.iter().filter(|row| self.is_batch || row.place == last.place);
            let named = named.flat_map(|row| &row.facts.subjects.patients);
            let named: BTreeSet<u64> = named.map(|patient| patient.get()).collect();
            assert_eq!(named, *patients, "{what}");
        }
        let accounts: BTreeSet<u64> = facts.subjects.accounts.iter().map(|it| it.get()).collect();
        assert!(accounts.is_superset(&self.accounts), "{what}: {accounts:?}");
        if let Some(fields) = self.fields {
            let named: Vec<&str> = facts.fields.iter().map(|field| &**field).collect();
            assert_eq!(named, fields, "{what}");
        }
    }
}

/// The requests of several accounts, by account and function, each function's in their order.
#[derive(Default)]
pub struct Walk(BTreeMap<(u64, String), Vec<Says>>);

/// Makes requests, and notes what their rows must say.
pub type Group = fn(&Clinic, &mut Walk);

impl Walk {
    /// Makes these groups of requests at the same time. No account may call the same function in two of them.
    pub fn make(&mut self, clinic: &Clinic, groups: &[Group]) {
        let walks = in_parallel(groups.len(), groups.len(), |number| {
            let mut walk = Self::default();
            groups[number](clinic, &mut walk);
            walk
        });
        walks.into_iter().for_each(|walk| self.extend(walk));
    }

    /// Notes what the rows of a request must say. The request has been answered.
    pub fn note(&mut self, by: &User, answer: &Response, says: Says) {
        let is_done = answer.status < 400;
        let text = |member: &str| answer.json[member].as_str().unwrap().to_owned();
        let says = Says {
            outcome: if is_done { DONE.into_owned() } else { text("code") },
            request_id: (!is_done).then(|| text("request_id")),
            request: format!("{} ({}), by {}", answer.request, answer.status, by.user),
            ..says
        };
        let key = (id(&by.user).unwrap(), says.operation.clone());
        self.0.entry(key).or_default().push(says);
    }

    /// Fails the test unless the trail has exactly the rows of these requests, and no others of these accounts since this
    /// moment. Returns all rows.
    pub fn check(&self, since: Timestamp) -> Vec<Row> {
        let rows = trail::read();
        let accounts: BTreeSet<u64> = self.0.keys().map(|(account, _)| *account).collect();
        self.compare(trail::requests_of(&rows, &accounts, since));
        rows
    }

    fn compare<'a>(&'a self, mut found: Requests<'a>) {
        for ((account, function), expected) in &self.0 {
            let found = found.remove(&(*account, function.as_str())).unwrap_or_default();
            for (says, rows) in expected.iter().zip(&found) {
                says.check(rows);
            }
            let (written, expected) = (found.len(), expected.len());
            let surplus = found.get(expected);
            assert_eq!(written, expected, "{function} by account {account}: {surplus:#?}");
        }
        assert!(found.is_empty(), "rows of requests that were not noted: {found:#?}");
    }

    /// Adds requests. They were made after those of the same account and function that are there.
    pub fn extend(&mut self, other: Self) {
        for (key, says) in other.0 {
            self.0.entry(key).or_default().extend(says);
        }
    }
}

/// Returns the id of a record or of an account, or an id itself.
pub fn id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value["id"].as_u64())
}
