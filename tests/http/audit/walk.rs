//! Requests, one after the other, and what their rows must say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde_json::Value;
use shared::audit::{DONE, Row};
use shared::model::id::Id;
use shared::model::timestamp::Timestamp;

use super::trail;
use crate::client::User;
use crate::response::Response;

/// What the rows of a request must say; `None` is not checked.
#[derive(Debug, Clone)]
pub struct Says {
    operation: String,
    basis: Option<Option<&'static str>>,
    patients: Option<BTreeSet<u64>>,
    accounts: BTreeSet<u64>,
    fields: Option<&'static [&'static str]>,
    rows: RangeInclusive<usize>,
    /// Whether each row is of a change of its own, and none corrects another.
    is_batch: bool,
    /// Known after the answer.
    outcome: String,
    request_id: Option<String>,
    request: String,
}

/// Says nothing but that one row is of this operation.
pub fn one(operation: &str) -> Says {
    Says {
        operation: operation.to_owned(),
        basis: None,
        patients: None,
        accounts: BTreeSet::new(),
        fields: None,
        rows: 1..=1,
        is_batch: false,
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

/// One row for each of this number of changes.
pub fn batch(operation: &str, rows: usize) -> Says {
    Says { rows: rows..=rows, is_batch: true, ..one(operation) }
}

impl Says {
    pub fn basis(self, basis: &'static str) -> Self {
        Self { basis: Some(Some(basis)), ..self }
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

    pub fn fields(self, fields: &'static [&'static str]) -> Self {
        Self { fields: Some(fields), ..self }
    }

    fn check(&self, rows: &[&Row]) {
        let what = &self.request;
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

/// The requests of several accounts, each account's in their order.
#[derive(Default)]
pub struct Walk(BTreeMap<u64, Vec<Says>>);

impl Walk {
    /// Notes what the rows of a request must say, which has been answered.
    pub fn note(&mut self, by: &User, answer: &Response, says: Says) {
        let is_done = answer.status < 400;
        let text = |member: &str| answer.json[member].as_str().unwrap().to_owned();
        let says = Says {
            outcome: if is_done { DONE.into_owned() } else { text("code") },
            request_id: (!is_done).then(|| text("request_id")),
            request: format!("{} ({}), by {}", answer.request, answer.status, by.user),
            ..says
        };
        self.0.entry(id(&by.user).unwrap()).or_default().push(says);
    }

    /// Fails the test unless the trail has exactly the rows of these requests, and no others of these accounts since this
    /// moment. Returns all rows.
    pub fn check(&self, since: Timestamp) -> Vec<Row> {
        let rows = trail::read();
        for (account, expected) in &self.0 {
            let found = trail::requests_of(&rows, *account, since);
            for (says, rows) in expected.iter().zip(&found) {
                says.check(rows);
            }
            let (written, expected) = (found.len(), expected.len());
            let surplus = found.get(expected);
            assert_eq!(written, expected, "requests with rows of account {account}: {surplus:#?}");
        }
        rows
    }

    /// Adds the requests of other accounts.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Returns the id of a record or of an account, or an id itself.
pub fn id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value["id"].as_u64())
}
