//! Lists of doctors and patients: all in the order of names, by gsi2, or those that meet some criteria, by the search
//! index.
//!
//! A search takes two rounds: the rows of the index, beside the read of the caller, and then the records at their ids.
//! Its rows come from several streams. A record that has rows in more than one, or several rows in one, is shown at the
//! first of them, whatever the pages are.

use std::collections::HashSet;
use std::marker::PhantomData;

use super::error::StoreError;
use super::keys::id_in_sort_key;
use super::load::Load;
use super::name_index::{NameQuery, is_list_position, page_by_name};
use super::records::{RecordActs, Records};
use super::search_index::{Stream, rows, streams};
use super::tables::Store;
use crate::access::{Act, Action, Allowed, Granted, Reach};
use crate::dynamo::{self, Item, Items, Key, Query, Rows};
use crate::model::field::unseen;
use crate::model::page::{Page, Paging};
use crate::model::record::{Details, Record};
use crate::model::search::Criteria;

/// Where a page ends: the number of a stream, and a sort key in it. A list in the order of names has one stream.
pub type Position = (usize, String);

/// Lists the records of one kind.
#[derive(Debug)]
pub struct List<D>(PhantomData<fn() -> D>);

impl<D: RecordActs> Action for List<D> {
    const ID: Act = D::LIST;
    type Target = RecordPage<D>;
}

/// A page of the records that meet the criteria, as a request names it.
#[derive(Clone)]
pub struct RecordQuery {
    pub criteria: Criteria,
    pub paging: Paging<Position>,
    /// The label of this search; cursors are valid for their label only.
    pub label: String,
}

unseen!(RecordQuery);

/// A page that was read for its request.
pub struct RecordPage<D: Details> {
    label: String,
    criteria: Criteria,
    content: Content<D>,
}

unseen!(RecordPage<D>, D: Details);

enum Content<D: Details> {
    /// In the order of names.
    Records(Page<Record<D>, Position>),
    /// Ids, whose records are still to be read.
    Rows(Vec<Stream>, Page<Row<D>, Position>),
}

/// A row of the search index.
struct Row<D: Details> {
    position: Position,
    id: D::Id,
}

impl<D: RecordActs> Records<'_, D> {
    /// Returns the page: in the order of names, or in that of the search index. Calls: none for a list in the order of
    /// names, whose Query was the target; BatchGetItem for a search.
    pub async fn list(
        &self,
        by: Granted<List<D>>,
    ) -> Result<Page<Record<D>, Position>, StoreError> {
        let RecordPage { criteria, content, .. } = by.into_target();
        let (streams, page) = match content {
            Content::Records(mut page) => {
                let is_wanted =
                    |record: &Record<D>| criteria.matches(&record.details.search_terms());
                if !criteria.is_empty() {
                    page.results.retain(is_wanted);
                }
                return Ok(page);
            }
            Content::Rows(streams, page) => (streams, page),
        };
        let Page { results: found, next } = page;
        let ids: Vec<D::Id> = found.iter().map(|row| row.id).collect();
        let mut records = self.store.records_with::<D>(&ids, D::LISTED).await?;
        let mut results = Vec::with_capacity(records.len());
        for Row { position, id } in found {
            let is_wanted = |record: &&Record<D>| {
                let terms = record.details.search_terms();
                let is_earlier = |row: &Key| is_before(row, &position, &streams);
                criteria.matches(&terms) && !rows::<D>(id, &terms).iter().any(is_earlier)
            };
            if records.get(&id).filter(is_wanted).is_some() {
                results.extend(records.remove(&id));
            }
        }
        Ok(Page { results, next })
    }
}

impl<D: Details> RecordPage<D> {
    /// The label under which the request's cursor was read.
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl<D: RecordActs> Load for RecordPage<D> {
    type Name = RecordQuery;
    /// The rows of each stream, beginning with that of the position.
    type Found = Vec<Rows>;

    /// Calls: Query; for a search by name or birth date up to seven at the same time.
    async fn find(
        store: &Store,
        query: &RecordQuery,
        allowed: &Allowed,
    ) -> Result<Vec<Rows>, StoreError> {
        let Reach::All = allowed.reach();
        let RecordQuery { criteria, paging, .. } = query;
        let streams = streams::<D>(criteria);
        if streams.is_empty() {
            let key_of = |sk: &str| Some(Key::record::<D>(id_in_sort_key::<D::Id>(sk)?));
            return Ok(vec![store.rows_by_name(D::KIND, &by_name(query), key_of).await?]);
        }
        let mut queries = Vec::with_capacity(streams.len());
        let (start, mut after) = paging.after.clone().unzip();
        for stream in streams.iter().skip(start.unwrap_or_default()) {
            let after = after.take().map(|sk| Item::from(Key { pk: stream.partition.clone(), sk }));
            queries.push(
                Query::partition(&stream.partition)
                    .beginning_with(&stream.prefix)
                    .project("sk")
                    .limit(paging.limit)
                    .after(after),
            );
        }
        Ok(store.main.query_all(queries).await?)
    }

    fn build(
        query: RecordQuery,
        _allowed: &Allowed,
        _items: &mut Items,
        found: Vec<Rows>,
    ) -> Result<Self, StoreError> {
        let RecordQuery { criteria, paging, label } = query;
        let streams = streams::<D>(&criteria);
        let content = if streams.is_empty() {
            let page = page_by_name(found.into_iter().next().unwrap_or_default())?;
            let next = page.next.map(|sort_key| (0, sort_key));
            Content::Records(Page { results: page.results, next })
        } else {
            let first = paging.after.map_or(0, |(stream, _)| stream);
            let limit = usize::try_from(paging.limit).unwrap_or_default();
            Content::Rows(streams, page_of_rows(found, first, limit)?)
        };
        Ok(Self { label, criteria, content })
    }
}

/// Whether a search by these criteria can have returned the position.
pub fn is_position<D: Details>(criteria: &Criteria, (stream, sort_key): &Position) -> bool {
    let streams = streams::<D>(criteria);
    let prefix = if streams.is_empty() {
        (*stream == 0).then(|| first_letters(criteria))
    } else {
        streams.get(*stream).map(|stream| stream.prefix.as_str())
    };
    prefix.is_some_and(|prefix| is_list_position::<D::Id>(prefix, sort_key))
}

/// Returns the list in which a search too short for the index looks: last names that begin with its first word.
fn by_name(RecordQuery { criteria, paging, .. }: &RecordQuery) -> NameQuery {
    let after = paging.after.clone().map(|(_, sort_key)| sort_key);
    let paging = Paging { limit: paging.limit, after };
    NameQuery { prefix: first_letters(criteria).to_owned(), paging }
}

fn first_letters(criteria: &Criteria) -> &str {
    criteria.name.as_deref().and_then(|name| name.split(' ').next()).unwrap_or_default()
}

/// Takes the rows of the streams, one stream after the other, until they have `limit` different ids. The first of them
/// is number `first`.
fn page_of_rows<D: Details>(
    found: Vec<Rows>,
    first: usize,
    limit: usize,
) -> Result<Page<Row<D>, Position>, StoreError> {
    let mut page = Page { results: Vec::<Row<D>>::new(), next: None };
    let mut ids = HashSet::new();
    for (number, rows) in (first..).zip(found) {
        let rest = rows.next(|last| dynamo::string(last, "sk").map(str::to_owned))?;
        for row in rows.items {
            let sort_key =
                dynamo::string(&row, "sk").ok_or_else(|| StoreError::missing("a key"))?;
            let id =
                id_in_sort_key::<D::Id>(sort_key).ok_or_else(|| StoreError::missing("an id"))?;
            if ids.len() == limit && !ids.contains(&id) {
                page.next = page.results.last().map(|row| row.position.clone());
                return Ok(page);
            }
            ids.insert(id);
            page.results.push(Row { position: (number, sort_key.to_owned()), id });
        }
        if let Some(sort_key) = rest {
            page.next = Some((number, sort_key));
            return Ok(page);
        }
    }
    Ok(page)
}

/// Whether a row of a record comes before this position, so that the record is shown there.
fn is_before(row: &Key, (number, sort_key): &Position, streams: &[Stream]) -> bool {
    streams.iter().enumerate().any(|(stream, rows)| {
        rows.holds(row) && (stream, row.sk.as_str()) < (*number, sort_key.as_str())
    })
}
