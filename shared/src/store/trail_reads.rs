//! Reading the audit trail, by patient, account or day.
//!
//! A row about a read of the trail names whom the request asks for, and not everybody in the rows that were shown: rows
//! about rows would grow without end, and the trail has these rows anyway.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::error::StoreError;
use super::load::Load;
use super::tables::Store;
use crate::access::{Allowed, Granted, action};
use crate::audit::{Code, Facts, Row, Subjects, TrailView};
use crate::discloses_no_patient;
use crate::dynamo::Items;
use crate::model::date::Date;
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::page::{Page, Paging};
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;

action! {
    /// Reads the audit trail.
    ReadTrail: TrailQuery
}

/// The audit trail, for its readers.
#[derive(Debug)]
pub struct TrailReader<'a> {
    pub(super) store: &'a Store,
}

/// The rows that a request asks for.
#[derive(Debug, Clone)]
pub struct TrailQuery {
    /// `None`: those of today, or of the day on which the page before ended.
    pub view: Option<TrailView>,
    pub filter: TrailFilter,
    pub paging: Paging<String>,
    /// The list's label, for its cursors.
    pub label: String,
}

/// Conditions on the rows of a view. A page has only those that meet all of them; its limit does not count the others.
#[derive(Debug, Clone, Default)]
pub struct TrailFilter {
    pub operation: Option<String>,
    pub outcome: Option<String>,
    pub basis: Option<String>,
}

/// A row of the trail as its readers see it.
#[derive(Debug, Clone, Serialize)]
pub struct TrailEntry {
    /// When the request was answered, or began to be.
    pub at: Timestamp,
    pub actor: Option<UserId>,
    pub operation: Code,
    pub basis: Option<Code>,
    pub outcome: Code,
    /// The names of the changed fields.
    pub fields: BTreeSet<Code>,
    pub patients: BTreeSet<PatientId>,
    pub doctors: BTreeSet<DoctorId>,
    pub accounts: BTreeSet<UserId>,
    /// The patients of a list whom the request was permitted to see on another basis than `basis`, by that basis.
    pub other_bases: BTreeMap<Code, BTreeSet<PatientId>>,
    /// The id of a session, a hand-over, an emergency access or an assignment that the request was about; a keyed digest of
    /// that of an invitation.
    pub object: Option<String>,
    /// A keyed digest of the client's address.
    pub address: Option<String>,
    pub session_id: Option<SessionId>,
    pub request_id: Option<String>,
    /// The place of the row in the trail.
    pub chain: String,
    pub seq: u64,
}

// Ids and codes only.
discloses_no_patient!(TrailEntry);

impl Store {
    pub fn trail(&self) -> TrailReader<'_> {
        TrailReader { store: self }
    }
}

impl TrailReader<'_> {
    /// Returns a page of the rows that the request asks for, newest first. Calls: those of [`Store::trail_page`].
    pub async fn page(
        &self,
        by: Granted<ReadTrail>,
    ) -> Result<Page<TrailEntry, String>, StoreError> {
        let today = by.at().utc_date();
        let TrailQuery { view, filter, paging: Paging { limit, after }, .. } = by.into_target();
        let view = match view {
            Some(view) => view,
            None => TrailView::Day(day_of_page(after.as_deref(), &today)?),
        };
        let admits = |row: &Row| filter.admits(&row.facts);
        let read = self.store.trail_page(view, limit, after.as_deref(), admits);
        let Page { results, next } = self.store.showing([], read).await?;
        let rows = results.into_iter().map(|(_, row)| TrailEntry::from(row));
        Ok(Page { results: rows.collect(), next })
    }
}

impl TrailQuery {
    /// The list's label, for its cursors.
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl TrailFilter {
    fn admits(&self, facts: &Facts) -> bool {
        let admits = |required: &Option<String>, code: Option<&str>| {
            required.as_deref().is_none_or(|required| code == Some(required))
        };
        let is_other_basis =
            self.basis.as_deref().is_some_and(|basis| facts.other_bases.contains_key(basis));
        admits(&self.operation, Some(&*facts.operation))
            && admits(&self.outcome, Some(&*facts.outcome))
            && (admits(&self.basis, facts.basis.as_deref()) || is_other_basis)
    }
}

impl Load for TrailQuery {
    type Name = Self;
    type Found = ();

    fn patient(query: &Self) -> Option<PatientId> {
        match query.view {
            Some(TrailView::Patient(patient)) => Some(patient),
            Some(TrailView::Actor(_) | TrailView::Day(_)) | None => None,
        }
    }

    fn account(query: &Self) -> Option<UserId> {
        match query.view {
            Some(TrailView::Actor(account)) => Some(account),
            Some(TrailView::Patient(_) | TrailView::Day(_)) | None => None,
        }
    }

    fn build(
        query: Self,
        _allowed: &Allowed,
        _items: &mut Items,
        _found: (),
    ) -> Result<Self, StoreError> {
        Ok(query)
    }
}

impl From<Row> for TrailEntry {
    fn from(row: Row) -> Self {
        let Row { place, at, facts, corrects, .. } = row;
        let Facts {
            operation,
            request_id,
            address,
            actor,
            session,
            basis,
            other_bases,
            subjects: Subjects { patients, doctors, accounts },
            fields,
            object,
            outcome,
        } = facts;
        Self {
            // As in the views: both rows of a request are one.
            at: corrects.map_or(at, |first| first.at),
            actor,
            operation,
            basis,
            outcome,
            fields,
            patients,
            doctors,
            accounts,
            other_bases,
            object,
            address,
            session_id: session,
            request_id: Some(request_id).filter(|id| !id.is_empty()),
            chain: place.chain,
            seq: place.seq,
        }
    }
}

/// Returns the day on which the page before ended; without one, today.
fn day_of_page(after: Option<&str>, today: &str) -> Result<Date, StoreError> {
    let day = after.and_then(|position| position.get(..today.len())).unwrap_or(today);
    day.parse().map_err(|_| StoreError::unexpected("the day of a page is not readable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_page_is_of_the_day_of_the_page_before() {
        let position = "2026-01-31T23:59:59.999Z#a#000000000007";
        for (after, day) in [(None, "2026-02-01"), (Some(position), "2026-01-31")] {
            assert_eq!(day_of_page(after, "2026-02-01").unwrap().iso(), day);
        }
        assert!(day_of_page(Some("another position"), "2026-02-01").is_err());
    }
}
