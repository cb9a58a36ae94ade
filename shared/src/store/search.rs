//! Lists of doctors and patients: all in the order of names, by gsi2, or those that meet some criteria, by the search
//! index; and of the patients whom a doctor or a patient may see, by the rows that give the access.
//!
//! A search takes two rounds: the rows of the index, beside the read of the caller, and then the records at their ids,
//! beside the audit trail's row about the patients who are expected to be shown. If others are shown, that row is
//! corrected, which takes a third round.
//!
//! The rows of the index come from several streams. A record that has rows in more than one, or several rows in one, is
//! shown at the first of them, whatever the pages are.

use std::collections::HashSet;
use std::marker::PhantomData;

use super::error::StoreError;
use super::keys::{SEPARATOR, id_in_sort_key};
use super::load::Load;
use super::name_index::{NameQuery, is_list_position, page_by_name};
use super::panel::{PanelRows, id_of_patient};
use super::records::{RecordActs, Records};
use super::related::Related;
use super::search_index::{Stream, rows, streams};
use super::stored::UNRESTRICTED;
use super::tables::Store;
use crate::access::{Act, Action, Allowed, Basis, Granted, Reach};
use crate::dynamo::{self, Item, Items, Key, Query, Rows};
use crate::model::field::unseen;
use crate::model::id::{DoctorId, Id, MAX_ID, PatientId};
use crate::model::page::{Page, Paging};
use crate::model::record::{Details, Record};
use crate::model::search::{Criteria, SearchTerms};
use crate::model::timestamp::Timestamp;

/// The end of a page: the number of a stream, and a sort key in it. A list in the order of names has one stream.
pub type Position = (usize, String);

/// The number of the stream of a list that is in the order of names whatever the criteria are. No search of the index
/// has so many streams.
const BY_NAME: usize = 99;

/// How many rows of a stream a doctor's search reads for one page. It is independent of the page, so that the end of a
/// page does not say whether the clinic has somebody whom the doctor may not see.
const EXAMINED: i32 = 100;

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
    query: RecordQuery,
    content: Content<D>,
}

unseen!(RecordPage<D>, D: Details);

enum Content<D: Details> {
    /// In the order of names.
    Records(Page<Record<D>, Position>),
    /// Ids, whose records are still to be read. The list has the patients of these doctors only; all if `None`. The
    /// first doctor is the caller's own.
    Rows {
        streams: Vec<Stream>,
        page: Page<Row<D>, Position>,
        doctors: Option<Vec<DoctorId>>,
    },
    Panels(PanelRows),
    Related(Related<D>),
}

/// A row of the search index.
struct Row<D: Details> {
    position: Position,
    id: D::Id,
}

impl<D: RecordActs> Records<'_, D> {
    /// Returns the page: in the order of names, or in that of the search index. Calls: none for a list in the order of
    /// names, whose Query was the target; BatchGetItem for any other, and one more for a doctor's search of the index.
    pub async fn list(
        &self,
        by: Granted<List<D>>,
    ) -> Result<Page<Record<D>, Position>, StoreError> {
        let now = by.at();
        let RecordPage { query, content } = by.into_target();
        let RecordQuery { criteria, paging, .. } = &query;
        match content {
            Content::Records(mut page) => {
                let is_wanted =
                    |record: &Record<D>| criteria.matches(&record.details.search_terms());
                if !criteria.is_empty() {
                    page.results.retain(is_wanted);
                }
                Ok(page)
            }
            Content::Rows { streams, mut page, doctors } => {
                if let Some(doctors) = doctors {
                    self.retain_treated(&mut page.results, &doctors, now).await?;
                }
                self.at_rows(cut(page, limit_of(paging)), criteria, &streams).await
            }
            Content::Panels(rows) => {
                self.store.note_basis(rows.of_others_only(now), Basis::Covering);
                let page = rows.page(limit_of(paging), now);
                let ids: Vec<D::Id> =
                    page.results.into_iter().filter_map(id_of_patient::<D>).collect();
                let records = self.store.records_with::<D>(&ids, D::LISTED);
                let expected = ids.iter().filter_map(|id| D::patient(*id));
                let mut records = self.store.showing(expected, records).await?;
                let mut results: Vec<_> = ids.iter().filter_map(|id| records.remove(id)).collect();
                results.retain(|record| criteria.matches(&record.details.search_terms()));
                Ok(Page { results, next: page.next.map(|place| (BY_NAME, place)) })
            }
            Content::Related(related) => {
                let (store, paging) = (self.store, paging_by_name(paging));
                store.note_basis(related.represented_by_proxy(), Basis::Proxy);
                let page = store.related_records(related, D::LISTED, criteria, &paging, now);
                let Page { results, next } = page.await?;
                Ok(Page { results, next: next.map(|place| (BY_NAME, place)) })
            }
        }
    }

    /// Leaves out the rows of patients whom none of the doctors has now. The first doctor is the caller's own.
    async fn retain_treated(
        &self,
        rows: &mut Vec<Row<D>>,
        doctors: &[DoctorId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Nobody has this id. A search that finds nobody takes the same time as one for somebody else's patient.
        let nobody = PatientId::new(MAX_ID);
        let patients = rows.iter().filter_map(|row| D::patient(row.id)).chain(nobody).collect();
        let treated = self.store.treated(doctors, &patients, now).await?;
        rows.retain(|row| D::patient(row.id).is_some_and(|patient| treated.contains_key(&patient)));
        let has_own = |by: &HashSet<DoctorId>| doctors.first().is_some_and(|own| by.contains(own));
        let covered = treated.into_iter().filter(|(_, by)| !has_own(by));
        self.store.note_basis(covered.map(|(patient, _)| patient), Basis::Covering);
        Ok(())
    }

    /// Returns the records at these rows that meet the criteria.
    async fn at_rows(
        &self,
        Page { results: found, next }: Page<Row<D>, Position>,
        criteria: &Criteria,
        streams: &[Stream],
    ) -> Result<Page<Record<D>, Position>, StoreError> {
        let ids: Vec<D::Id> = found.iter().map(|row| row.id).collect();
        let records = self.store.records_with::<D>(&ids, D::LISTED);
        let mut records = self.store.showing(expected(&found, criteria), records).await?;
        let mut results = Vec::with_capacity(records.len());
        for Row { position, id } in found {
            let is_wanted = |record: &&Record<D>| {
                let terms = record.details.search_terms();
                let is_earlier = |row: &Key| is_before(row, &position, streams);
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
        &self.query.label
    }
}

impl<D: RecordActs> Load for RecordPage<D> {
    type Name = RecordQuery;
    /// The rows of each stream, beginning with that of the position; those of each panel; or those of the related.
    type Found = Vec<Rows>;

    /// Calls: Query; for a search by name or birth date up to seven at the same time, and for several panels one each.
    async fn find(
        store: &Store,
        query: &RecordQuery,
        allowed: &Allowed,
    ) -> Result<Vec<Rows>, StoreError> {
        let RecordQuery { criteria, paging, .. } = query;
        match allowed.reach() {
            Reach::All => rows_of_all::<D>(store, query, paging.limit, None).await,
            Reach::Unrestricted => {
                rows_of_all::<D>(store, query, paging.limit, Some(UNRESTRICTED)).await
            }
            Reach::Panels(_) if is_selective(criteria) => {
                rows_of_all::<D>(store, query, EXAMINED, None).await
            }
            Reach::Panels(doctors) => {
                store.panels(doctors, criteria.name.as_deref(), &paging_by_name(paging)).await
            }
            Reach::Represented { user, .. } => Ok(vec![store.proxies_of(*user).await?]),
            Reach::CareTeam(Some(patient)) => Ok(vec![store.care_team(*patient).await?]),
            Reach::CareTeam(None) => Ok(Vec::new()),
        }
    }

    fn build(
        query: RecordQuery,
        allowed: &Allowed,
        _items: &mut Items,
        found: Vec<Rows>,
    ) -> Result<Self, StoreError> {
        let criteria = &query.criteria;
        let content = match allowed.reach() {
            Reach::All | Reach::Unrestricted => content_of_all(&query, found, None)?,
            Reach::Panels(doctors) if is_selective(criteria) => {
                content_of_all(&query, found, Some(doctors.clone()))?
            }
            Reach::Panels(_) => Content::Panels(PanelRows::merge(found)?),
            Reach::Represented { own, .. } => {
                let proxies = found.into_iter().next().unwrap_or_default();
                Content::Related(Related::represented(*own, proxies)?)
            }
            Reach::CareTeam(_) => Content::Related(match found.into_iter().next() {
                Some(rows) => Related::care_team(rows)?,
                None => Related::none(),
            }),
        };
        Ok(Self { query, content })
    }
}

/// Reads the rows of the search index, or without it the list in the order of names.
async fn rows_of_all<D: Details>(
    store: &Store,
    query: &RecordQuery,
    limit: i32,
    filter: Option<&'static str>,
) -> Result<Vec<Rows>, StoreError> {
    let RecordQuery { criteria, paging, .. } = query;
    let streams = streams::<D>(criteria);
    if streams.is_empty() {
        let key_of = |sk: &str| Some(Key::record::<D>(id_in_sort_key::<D::Id>(sk)?));
        return Ok(vec![store.rows_by_name(D::KIND, &by_name(query), filter, key_of).await?]);
    }
    let mut queries = Vec::with_capacity(streams.len());
    let (start, mut after) = paging.after.clone().unzip();
    for stream in streams.iter().skip(start.unwrap_or_default()) {
        let after = after.take().map(|sk| Item::from(Key { pk: stream.partition.clone(), sk }));
        let query = Query::partition(&stream.partition)
            .beginning_with(&stream.prefix)
            .project("sk")
            .limit(limit)
            .after(after);
        queries.push(match filter {
            Some(filter) => query.filter(filter),
            None => query,
        });
    }
    Ok(store.main.query_all(queries).await?)
}

fn content_of_all<D: Details>(
    RecordQuery { criteria, paging, .. }: &RecordQuery,
    found: Vec<Rows>,
    doctors: Option<Vec<DoctorId>>,
) -> Result<Content<D>, StoreError> {
    let streams = streams::<D>(criteria);
    if streams.is_empty() {
        let page = page_by_name(found.into_iter().next().unwrap_or_default())?;
        let next = page.next.map(|sort_key| (0, sort_key));
        return Ok(Content::Records(Page { results: page.results, next }));
    }
    let first = paging.after.as_ref().map_or(0, |(stream, _)| *stream);
    Ok(Content::Rows { streams, page: page_of_rows(found, first)?, doctors })
}

/// Whether the criteria are of few records: a doctor's search reads the search index then, and otherwise the panels.
fn is_selective(criteria: &Criteria) -> bool {
    criteria.identifier.is_some() || criteria.phone.is_some() || criteria.birth_date.is_some()
}

/// Returns the patients of these rows whom the list is expected to show. The index also finds names that have only the
/// longest word of a search; a row of a name shows whether it has the others.
fn expected<D: Details>(found: &[Row<D>], criteria: &Criteria) -> Vec<PatientId> {
    let meets = |row: &&Row<D>| {
        let name = row.position.1.split(SEPARATOR).next().unwrap_or_default().to_owned();
        is_selective(criteria) || criteria.matches(&SearchTerms { name, ..SearchTerms::default() })
    };
    found.iter().filter(meets).filter_map(|row| D::patient(row.id)).collect()
}

/// Whether a search by these criteria can have returned the position.
pub fn is_position<D: Details>(criteria: &Criteria, (stream, sort_key): &Position) -> bool {
    if *stream == BY_NAME {
        return is_list_position::<D::Id>("", sort_key);
    }
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
    let prefix = first_letters(criteria);
    // A position that the account got in another role may be elsewhere.
    let after = paging.after.as_ref().map(|(_, sort_key)| sort_key);
    let after = after.filter(|sort_key| sort_key.starts_with(prefix)).cloned();
    NameQuery { prefix: prefix.to_owned(), paging: Paging { limit: paging.limit, after } }
}

fn first_letters(criteria: &Criteria) -> &str {
    criteria.name.as_deref().and_then(|name| name.split(' ').next()).unwrap_or_default()
}

/// Returns the page of a list that is in the order of names whatever the criteria are.
fn paging_by_name(Paging { limit, after }: &Paging<Position>) -> Paging<String> {
    let after = after.as_ref().filter(|(stream, _)| *stream == BY_NAME);
    Paging { limit: *limit, after: after.map(|(_, place)| place.clone()) }
}

fn limit_of<P>(paging: &Paging<P>) -> usize {
    usize::try_from(paging.limit).unwrap_or_default()
}

/// Takes the rows of the streams, one stream after the other, until one that was not read to its end. The first of them
/// is number `first`.
fn page_of_rows<D: Details>(
    found: Vec<Rows>,
    first: usize,
) -> Result<Page<Row<D>, Position>, StoreError> {
    let mut page = Page { results: Vec::new(), next: None };
    for (number, rows) in (first..).zip(found) {
        let rest = rows.next(|last| dynamo::string(last, "sk").map(str::to_owned))?;
        for row in rows.items {
            let sort_key =
                dynamo::string(&row, "sk").ok_or_else(|| StoreError::missing("a key"))?;
            let id =
                id_in_sort_key::<D::Id>(sort_key).ok_or_else(|| StoreError::missing("an id"))?;
            page.results.push(Row { position: (number, sort_key.to_owned()), id });
        }
        if let Some(sort_key) = rest {
            page.next = Some((number, sort_key));
            break;
        }
    }
    Ok(page)
}

/// Ends a page after the rows of `limit` different ids.
fn cut<D: Details>(mut page: Page<Row<D>, Position>, limit: usize) -> Page<Row<D>, Position> {
    let mut ids = HashSet::new();
    let end = page.results.iter().position(|row| {
        let is_beyond = ids.len() == limit && !ids.contains(&row.id);
        ids.insert(row.id);
        is_beyond
    });
    if let Some(end) = end {
        page.results.truncate(end);
        page.next = page.results.last().map(|row| row.position.clone());
    }
    page
}

/// Whether a row of a record comes before this position, so that the record is shown there.
fn is_before(row: &Key, (number, sort_key): &Position, streams: &[Stream]) -> bool {
    streams.iter().enumerate().any(|(stream, rows)| {
        rows.holds(row) && (stream, row.sk.as_str()) < (*number, sort_key.as_str())
    })
}
