//! The views of the audit trail. The rows of the chains are what was recorded; the views are made from them, and can be
//! made again.

use futures_util::future::join_all;

use super::error::StoreError;
use super::tables::Store;
use crate::audit::{Row, StoredRow, TrailView, in_item};
use crate::dynamo::{self, Expression, Item, Query, Rows};
use crate::model::page::Page;

/// How many items of views are put at the same time.
const AT_ONCE: usize = 16;

impl Store {
    /// Puts the rows into their views. Repeating it changes nothing, and the order of the rows does not matter: a row
    /// that corrects another one replaces it, and is not replaced by it. Returns the number of items that were put.
    /// Calls: PutItem for each item.
    pub async fn put_views(&self, rows: &[StoredRow]) -> Result<usize, StoreError> {
        let mut items = Vec::new();
        for stored in rows {
            let row = stored.row();
            let row = row.ok_or_else(|| StoreError::unexpected("this is no row of the trail"))?;
            let is_new = row.corrects.is_none();
            items.extend(row.views().into_iter().map(|key| (stored.in_view(key), is_new)));
        }
        let count = items.len();
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let mut puts = Vec::with_capacity(AT_ONCE);
            for (item, is_new) in items.by_ref().take(AT_ONCE) {
                puts.push(self.put_view(item, is_new));
            }
            // All are awaited: dropping a call would close its connection.
            join_all(puts).await.into_iter().collect::<Result<(), StoreError>>()?;
        }
        Ok(count)
    }

    /// Puts an item of a view: one that corrects nothing only if its place is free.
    async fn put_view(&self, item: Item, is_new: bool) -> Result<(), StoreError> {
        if is_new {
            self.audit.put_if(item, Expression::only("attribute_not_exists(pk)")).await?;
        } else {
            self.audit.put(item).await?;
        }
        Ok(())
    }

    /// Returns the rows of a view, newest first, with their sort keys: at most `limit`, before this sort key. `next` is
    /// the sort key of the last one if there may be more. Calls: Query; for a day 16, at the same time.
    pub async fn trail_page(
        &self,
        view: TrailView,
        limit: i32,
        before: Option<&str>,
    ) -> Result<Page<(String, Row), String>, StoreError> {
        let partitions = view.partitions();
        let mut queries = Vec::with_capacity(partitions.len());
        for partition in &partitions {
            let query = Query::partition(partition).descending().limit(limit);
            queries.push(match before {
                Some(sort_key) => query.before(sort_key),
                None => query,
            });
        }
        let found = self.audit.query_all(queries).await?;
        merge(found, usize::try_from(limit).unwrap_or_default())
    }
}

/// Merges the same part of some partitions. A partition that was not read to its end ends all of them: it may have
/// further rows that are newer than the last rows of the others.
fn merge(found: Vec<Rows>, limit: usize) -> Result<Page<(String, Row), String>, StoreError> {
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
    if results.len() > limit {
        results.truncate(limit);
        end = results.last().map(|(sk, _)| sk.clone());
    }
    Ok(Page { results, next: end })
}
