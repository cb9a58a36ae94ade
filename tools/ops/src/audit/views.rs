//! The views of the trail in comparison with its rows, page by page. `verify` reports the differences, and `rebuild`
//! mends them.

use std::collections::BTreeMap;
use std::time::Duration;

use shared::model::timestamp::Timestamp;
use shared::store::{Store, TrailItem, ViewFault, ViewProblem, ViewScope};

use super::count;
use crate::Result;
use crate::patience::patiently;

/// On AWS, a row is in its views a minute later. If the stream is late, it takes longer.
const DELAY: Duration = Duration::from_secs(60 * 60);

/// The maximum number of differences that are listed.
const LISTED: usize = 20;

/// A comparison of the views of a trail with its rows.
pub struct Views<'a> {
    store: &'a Store,
    scope: ViewScope,
    /// The differences so far, by the keys of the items. A difference shows twice: at the item, and at the row.
    found: BTreeMap<String, ViewProblem>,
}

/// The numbers of items of views that differed from the rows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Differences {
    pub missing: usize,
    pub changed: usize,
    pub invented: usize,
}

impl Differences {
    pub fn total(self) -> usize {
        self.missing + self.changed + self.invented
    }
}

impl<'a> Views<'a> {
    /// A comparison of everything. The newest rows need not be in the views yet.
    pub fn of(store: &'a Store, now: Timestamp) -> Self {
        let scope = ViewScope { since: String::new(), delay: DELAY, now };
        Self { store, scope, found: BTreeMap::new() }
    }

    /// A comparison of rows and items of this day or later (`2026-01-31`), also of the newest ones.
    pub fn since(store: &'a Store, since: String, now: Timestamp) -> Self {
        let scope = ViewScope { since, delay: Duration::ZERO, now };
        Self { store, scope, found: BTreeMap::new() }
    }

    /// Compares the items of a page of the table.
    pub async fn compare(&mut self, page: &[TrailItem]) -> Result<Vec<ViewFault>> {
        let operator = self.store.operator();
        let scope = &self.scope;
        let faults = patiently(async || operator.view_faults(page, scope).await).await?;
        for fault in &faults {
            self.found.entry(fault.name()).or_insert(fault.problem);
        }
        Ok(faults)
    }

    /// Compares the items of a page of the table, and makes the views as the rows say.
    pub async fn mend(&mut self, page: &[TrailItem]) -> Result {
        let faults = self.compare(page).await?;
        let operator = self.store.operator();
        patiently(async || operator.mend_views(&faults).await).await?;
        Ok(())
    }

    /// Returns the number of items that are missing, and leaves them out of what follows.
    pub fn take_missing(&mut self) -> usize {
        let all = self.found.len();
        self.found.retain(|_, problem| *problem != ViewProblem::Missing);
        all - self.found.len()
    }

    pub fn differences(&self) -> Differences {
        let mut differences = Differences::default();
        for problem in self.found.values() {
            match problem {
                ViewProblem::Missing => differences.missing += 1,
                ViewProblem::Changed | ViewProblem::Outdated => differences.changed += 1,
                ViewProblem::Invented => differences.invented += 1,
            }
        }
        differences
    }

    /// Returns the differences, one in a line: the first of them, and how many others there are.
    pub fn lines(&self) -> Vec<String> {
        let all = self.found.iter().map(|(item, problem)| format!("{item}: {problem}"));
        let mut lines: Vec<String> = all.take(LISTED).collect();
        let others = self.found.len().saturating_sub(LISTED);
        if others > 0 {
            lines.push(format!("and {} more", count(others, "item")));
        }
        lines
    }
}
