//! The operator's comparison of the trail's views with its rows: which items of views are missing, changed or invented,
//! and how they are mended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;

use super::error::StoreError;
use super::operator::Operator;
use super::trail_scan::TrailItem;
use super::trail_views::AT_ONCE;
use crate::audit::{Place, Row, StoredRow, in_item};
use crate::dynamo::{Item, Key, ReadPlan, key_in};
use crate::model::timestamp::Timestamp;

/// The maximum number of keys of one call. Several calls run at the same time.
const KEYS: usize = 100;

/// Items that expire within this time are not compared: DynamoDB deletes a row and its copies in any order.
const EXPIRING: Duration = Duration::from_secs(60 * 60);

/// The rows and the items of views that are compared.
#[derive(Debug, Clone)]
pub struct ViewScope {
    /// Those of this day or later, in UTC: `2026-01-31`; all if empty.
    pub since: String,
    /// A row may be absent from its views for this long.
    pub delay: Duration,
    pub now: Timestamp,
}

/// The difference between an item of a view and the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewProblem {
    /// A row belongs there, but the view does not have it.
    Missing,
    /// The item is not as the row that belongs there.
    Changed,
    /// The item shows a row that another row corrects.
    Outdated,
    /// No row of the trail belongs there.
    Invented,
}

/// An item of a view that is not as the rows say.
#[derive(Debug, Clone)]
pub struct ViewFault {
    key: Key,
    pub problem: ViewProblem,
    /// The item that belongs there.
    right: Option<Item>,
}

/// A row that belongs in a view.
struct Claim {
    /// The item of the row in this view.
    item: Item,
    at: Timestamp,
    ttl: i64,
    is_correction: bool,
}

/// The items of views that a page is about, and the rows that belong there, by the keys of the items.
#[derive(Default)]
struct Comparison {
    items: BTreeMap<Key, Item>,
    claims: BTreeMap<Key, Vec<Claim>>,
    /// The items that say that they show a row which is not as it was written. Nobody can tell what belongs there.
    uncertain: BTreeSet<Key>,
}

impl Operator<'_> {
    /// Compares a page of the trail's table in both directions: its rows with the views in which they belong, and its
    /// items of views with the rows that they show. Rows that are not as they were written are left out. Returns the
    /// differences. Calls: BatchGetItem for every 100 items of views, and for every 100 rows.
    pub async fn view_faults(
        &self,
        page: &[TrailItem],
        scope: &ViewScope,
    ) -> Result<Vec<ViewFault>, StoreError> {
        let mut comparison = Comparison::of(page, scope);
        let unread = comparison.claims.keys().filter(|key| !comparison.items.contains_key(*key));
        let unread: Vec<Key> = unread.cloned().collect();
        comparison.add_items(self.trail_items_at(&unread).await?);
        let places = comparison.places_to_read();
        for item in self.trail_items_at(&places).await? {
            comparison.add_named_row(&StoredRow::of(&item));
        }
        Ok(comparison.faults(scope))
    }

    /// Makes items of views as the rows say. Calls: PutItem or DeleteItem for each.
    pub async fn mend_views(&self, faults: &[ViewFault]) -> Result<(), StoreError> {
        for some in faults.chunks(AT_ONCE) {
            let mut writes = Vec::with_capacity(some.len());
            for fault in some {
                writes.push(self.mend_view(fault));
            }
            // All are awaited: dropping a call would close its connection.
            join_all(writes).await.into_iter().collect::<Result<(), StoreError>>()?;
        }
        Ok(())
    }

    /// Makes an item of a view as the rows say. A missing item is put only if its place is still free: `audit-archive`
    /// may just have put a correction there.
    async fn mend_view(&self, fault: &ViewFault) -> Result<(), StoreError> {
        match (fault.right.clone(), fault.problem) {
            (None, _) => self.store.audit.delete(fault.key.clone()).await?,
            (Some(item), ViewProblem::Missing) => self.store.put_view(item, true).await?,
            (Some(item), _) => self.store.put_view(item, false).await?,
        }
        Ok(())
    }

    /// Returns the items with these keys, which differ. Calls: BatchGetItem for every 100, all at the same time.
    async fn trail_items_at(&self, keys: &[Key]) -> Result<Vec<Item>, StoreError> {
        let mut reads = Vec::new();
        for keys in keys.chunks(KEYS) {
            reads.push(self.store.audit.batch_get(ReadPlan::whole(keys.to_vec())));
        }
        let mut found = Vec::with_capacity(keys.len());
        // All are awaited: dropping a call would close its connection.
        for items in join_all(reads).await {
            found.extend(items?);
        }
        Ok(found)
    }
}

impl Comparison {
    fn of(page: &[TrailItem], scope: &ViewScope) -> Self {
        let mut comparison = Self::default();
        for item in page {
            if item.is_in_view() {
                // Sort keys of views begin with the day.
                let key = key_in(&item.0).filter(|key| key.sk >= scope.since);
                comparison.items.extend(key.map(|key| (key, item.0.clone())));
                continue;
            }
            let stored = item.stored();
            if let Some(row) = stored.row().filter(|row| row.at.utc_date() >= scope.since) {
                for key in row.views() {
                    comparison.add_claim(key, &stored, &row);
                }
            }
        }
        comparison
    }

    fn add_claim(&mut self, key: Key, stored: &StoredRow, row: &Row) {
        let item = stored.in_view(key.clone());
        let is_correction = row.corrects.is_some();
        let claim = Claim { item, at: row.at, ttl: stored.ttl, is_correction };
        self.claims.entry(key).or_default().push(claim);
    }

    fn add_items(&mut self, items: Vec<Item>) {
        self.items.extend(items.into_iter().filter_map(|item| Some((key_in(&item)?, item))));
    }

    /// Returns the keys of the rows that are needed to judge the items which differ from the page's rows.
    fn places_to_read(&self) -> Vec<Key> {
        let unexplained = self.items.iter().filter(|(key, item)| !self.is_explained(key, item));
        let places = unexplained.flat_map(|(key, item)| named_by(key, item));
        let places: BTreeSet<Key> = places.map(|place| place.key()).collect();
        places.into_iter().collect()
    }

    /// Whether the item shows a row of those that belong there.
    fn is_explained(&self, key: &Key, item: &Item) -> bool {
        self.claims.get(key).is_some_and(|claims| claims.iter().any(|claim| claim.item == *item))
    }

    /// Adds a row that items of views name.
    fn add_named_row(&mut self, stored: &StoredRow) {
        if let Some(row) = stored.row() {
            for key in row.views() {
                // The other views of the row have not been read.
                if self.items.contains_key(&key) {
                    self.add_claim(key, stored, &row);
                }
            }
            return;
        }
        let is_it = |place: &Place| {
            let Key { pk, sk } = place.key();
            pk == stored.pk && sk == stored.sk
        };
        let name_it = self.items.iter().filter(|(key, item)| named_by(key, item).iter().any(is_it));
        self.uncertain.extend(name_it.map(|(key, _)| key.clone()));
    }

    fn faults(&self, scope: &ViewScope) -> Vec<ViewFault> {
        let keys: BTreeSet<&Key> = self.items.keys().chain(self.claims.keys()).collect();
        let certain = keys.into_iter().filter(|key| !self.uncertain.contains(*key));
        certain.filter_map(|key| self.fault(key, scope)).collect()
    }

    /// Returns the difference between an item of a view and the rows that belong there.
    fn fault(&self, key: &Key, scope: &ViewScope) -> Option<ViewFault> {
        let is_expiring = |ttl: i64| ttl <= scope.now.plus(EXPIRING).as_second();
        let (item, claims) = (self.items.get(key), self.claims.get(key));
        // A correction takes the place of the row that it corrects.
        let best = claims.and_then(|all| all.iter().max_by_key(|it| (it.is_correction, it.at)));
        let Some(best) = best else {
            let is_accepted = is_expiring(StoredRow::of(item?).ttl);
            let (key, problem) = (key.clone(), ViewProblem::Invented);
            return (!is_accepted).then_some(ViewFault { key, problem, right: None });
        };
        let problem = match item {
            None => ViewProblem::Missing,
            Some(item) => {
                let shown = claims.and_then(|all| all.iter().find(|it| it.item == *item));
                match shown {
                    // Two rows may correct the same one, if the outcome of the first of them was unknown.
                    Some(shown) if shown.is_correction == best.is_correction => return None,
                    Some(_) => ViewProblem::Outdated,
                    None => ViewProblem::Changed,
                }
            }
        };
        let may_be_late = problem != ViewProblem::Changed && best.at.plus(scope.delay) > scope.now;
        let is_accepted = may_be_late || is_expiring(best.ttl);
        let right = Some(best.item.clone());
        (!is_accepted).then(|| ViewFault { key: key.clone(), problem, right })
    }
}

impl ViewFault {
    /// Returns the key of the item, for messages.
    pub fn name(&self) -> String {
        format!("{} / {}", self.key.pk, self.key.sk)
    }
}

impl fmt::Display for ViewProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing in the view",
            Self::Changed => "differs from the row in the trail",
            Self::Outdated => "shows a row without its correction",
            Self::Invented => {
                "shows a row that is not in the trail, or does not belong in this view"
            }
        })
    }
}

/// Returns the places of the rows that an item of a view names: by its text, and by its sort key, which is that of a
/// request's first row.
fn named_by(key: &Key, item: &Item) -> Vec<Place> {
    let by_text = in_item(item).map(|row| row.place);
    by_text.into_iter().chain(place_in(&key.sk)).collect()
}

/// Returns the place in a sort key of a view.
fn place_in(sort_key: &str) -> Option<Place> {
    let (rest, seq) = sort_key.rsplit_once('#')?;
    let (_, chain) = rest.split_once('#')?;
    Some(Place { chain: chain.to_owned(), seq: seq.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_key_of_a_view_names_the_place_of_the_row() {
        let expected = Place { chain: "a-b_c".to_owned(), seq: 5 };
        assert_eq!(place_in("2026-01-31T12:00:00.000Z#a-b_c#000000000005"), Some(expected));
        for wrong in ["", "2026-01-31", "2026-01-31#a", "2026-01-31#a#b"] {
            assert_eq!(place_in(wrong), None, "{wrong}");
        }
    }
}
