//! Pages of the views of the audit trail, as full as their limit.
//!
//! Readers neither see all rows of a view nor ask for all of them. A page is read until it has as many admitted rows as
//! its limit, or the view ends. So length and end of a page say nothing about the rows that it leaves out, unless these
//! are so many that the page ends at the bound of [`Reads`].

use super::error::StoreError;
use super::tables::Store;
use crate::audit::{Row, TrailView, in_item};
use crate::dynamo::{self, Item, Query, Rows};
use crate::model::page::Page;

/// Rows of the trail with their sort keys.
pub(super) type RowPage = Page<(String, Row), String>;

/// How a page is read. The first read of each partition has the page's limit, which is enough if all rows are admitted.
struct Reads {
    limit: i32,
    /// The limit of each further read of a partition.
    further: i32,
    /// The maximum number of reads, so that every request ends in time.
    at_most: usize,
}

impl Reads {
    /// Returns the reads of a page of this view: at most about 1 MB each, and about 20 000 rows together.
    fn of(view: TrailView, limit: i32) -> Self {
        let further = match view {
            TrailView::Patient(_) | TrailView::Actor(_) => 1000,
            // Each read is of 16 partitions.
            TrailView::Day(_) => 100,
        };
        Self { limit, further, at_most: 20 }
    }
}

impl Store {
    /// Returns the rows of a view that are admitted, newest first, with their sort keys: at most `limit`, before this
    /// sort key. A page with `limit` rows has a `next`, even if no row follows. A shorter one has none, unless it ended
    /// at the bound. Calls: Query, for a day 16 at the same time; the same again, up to 20 times in all, as long as rows
    /// are left out and the page is not full.
    pub async fn trail_page(
        &self,
        view: TrailView,
        limit: i32,
        before: Option<&str>,
        admits: impl Fn(&Row) -> bool,
    ) -> Result<RowPage, StoreError> {
        let begun = self.begun_page(view, limit, before).await?;
        self.filled_page(view, limit, begun, admits).await
    }

    /// Returns the rows that the first read of a page finds, for [`Store::filled_page`]. Its calls do not depend on which
    /// rows are admitted, so it may run before the decision. Calls: Query, for a day 16 at the same time.
    pub(super) async fn begun_page(
        &self,
        view: TrailView,
        limit: i32,
        before: Option<&str>,
    ) -> Result<RowPage, StoreError> {
        self.part_of_view(view, limit, before).await
    }

    /// Returns the page that begins with these rows, as [`Store::trail_page`] does. Calls: the further ones of
    /// [`Store::trail_page`]; none if all rows are admitted.
    pub(super) async fn filled_page(
        &self,
        view: TrailView,
        limit: i32,
        begun: RowPage,
        admits: impl Fn(&Row) -> bool,
    ) -> Result<RowPage, StoreError> {
        self.read_on(view, Reads::of(view, limit), begun, admits).await
    }

    async fn read_on(
        &self,
        view: TrailView,
        reads: Reads,
        begun: RowPage,
        admits: impl Fn(&Row) -> bool,
    ) -> Result<RowPage, StoreError> {
        let full = usize::try_from(reads.limit).unwrap_or_default();
        let (mut part, mut count) = (begun, 1);
        let mut results: Vec<(String, Row)> = Vec::new();
        loop {
            let Page { results: rows, next } = part;
            results.extend(rows.into_iter().filter(|(_, row)| admits(row)));
            if results.len() >= full {
                results.truncate(full);
                let next = results.last().map(|(sk, _)| sk.clone());
                return Ok(Page { results, next });
            }
            part = match next {
                Some(before) if count < reads.at_most => {
                    self.part_of_view(view, reads.further, Some(&before)).await?
                }
                next => return Ok(Page { results, next }),
            };
            count += 1;
        }
    }

    /// Returns the next rows of a view, newest first: all from its newest row, or from this sort key, down to `next`. It
    /// reads this number of rows of each partition.
    async fn part_of_view(
        &self,
        view: TrailView,
        count: i32,
        before: Option<&str>,
    ) -> Result<RowPage, StoreError> {
        let partitions = view.partitions();
        let mut queries = Vec::with_capacity(partitions.len());
        for partition in &partitions {
            let query = Query::partition(partition).descending().limit(count);
            queries.push(match before {
                Some(sort_key) => query.before(sort_key),
                None => query,
            });
        }
        merge(self.audit.query_all(queries).await?)
    }
}

/// Merges the same part of some partitions. A partition that was not read to its end ends all of them: it may have
/// further rows that are newer than the last rows of the others.
fn merge(found: Vec<Rows>) -> Result<RowPage, StoreError> {
    let sort_key = |item: &Item| dynamo::string(item, "sk").map(str::to_owned);
    let (mut results, mut end) = (Vec::new(), None::<String>);
    for rows in found {
        // `None` is before every sort key.
        end = end.max(rows.next(sort_key)?);
        for item in rows.items {
            let sk = sort_key(&item).ok_or_else(|| StoreError::missing("a key"))?;
            let row =
                in_item(&item).ok_or_else(|| StoreError::unexpected("a row is unreadable"))?;
            results.push((sk, row));
        }
    }
    results.retain(|(sk, _)| end.as_ref().is_none_or(|end| sk >= end));
    results.sort_by(|(one, _), (other, _)| other.cmp(one));
    Ok(Page { results, next: end })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::audit::DONE;
    use crate::model::user::Role;
    use crate::testing::{World, run};

    /// The reads of a page of at most two rows: two rows first, then twice three.
    const READS: Reads = Reads { limit: 2, further: 3, at_most: 3 };

    fn is_done(row: &Row) -> bool {
        row.facts.outcome == DONE
    }

    /// Returns a page of accesses that took place.
    async fn page(world: &World, view: TrailView, before: Option<&str>) -> RowPage {
        let store = world.app.store();
        let begun = store.begun_page(view, READS.limit, before).await.unwrap();
        store.read_on(view, READS, begun, is_done).await.unwrap()
    }

    /// Returns the length of the first page, and whether there is a next one.
    async fn first_page(world: &World, view: TrailView) -> (usize, bool) {
        let page = page(world, view, None).await;
        (page.results.len(), page.next.is_some())
    }

    #[test]
    fn full_page_has_a_next_one_and_a_shorter_one_is_the_last() {
        run(async |world: World| {
            let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
            let view = TrailView::Patient(patient.id);
            for (accesses, expected) in [(0, (0, false)), (1, (1, false)), (2, (2, true))] {
                world.made_up_accesses(&patient, admin.id(), accesses).await;
                assert_eq!(first_page(&world, view).await, expected);
            }
        });
    }

    #[test]
    fn page_ends_at_the_bound_and_the_next_one_goes_on_there() {
        run(async |world: World| {
            let (admin, patient) = (world.actor(Role::Admin).await, world.patient(1).await);
            let view = TrailView::Patient(patient.id);
            world.made_up_accesses(&patient, admin.id(), 2).await;
            // The refusals are newer.
            world.advance(Duration::from_secs(1));
            world.made_up_refusals(&patient, admin.id(), 7).await;
            // The last of the three reads has one of the accesses.
            assert_eq!(first_page(&world, view).await, (1, true));

            world.made_up_refusals(&patient, admin.id(), 20).await;
            let (mut before, mut lengths) = (None::<String>, Vec::new());
            loop {
                let page = page(&world, view, before.as_deref()).await;
                lengths.push(page.results.len());
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            // Of eight refusals, of eight, of four and both accesses, and of no row.
            assert_eq!(lengths, [0, 0, 2, 0]);
        });
    }
}
