//! Lists in the order of names, by gsi2: users, doctors, patients.

use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::keys::{GSI2, GSI2_KEYS, MAX_SORT_KEY, id_in_sort_key, in_gsi2};
use super::tables::Store;
use crate::dynamo::{self, Key, Query, Rows};
use crate::model::id::Id;
use crate::model::page::{Page, Paging};

/// A page of a list, as a request names it.
#[derive(Debug, Clone)]
pub struct NameQuery {
    /// The folded beginning of a name; empty for all.
    pub prefix: String,
    /// The position is a sort key of gsi2.
    pub paging: Paging<String>,
}

impl Store {
    /// Reads a page of a kind, without the items for which the condition of the filter does not hold. `key_of` makes the
    /// key of the item that a position belongs to. Calls: Query.
    pub(super) async fn rows_by_name(
        &self,
        kind: &str,
        NameQuery { prefix, paging }: &NameQuery,
        filter: Option<&'static str>,
        key_of: impl FnOnce(&str) -> Option<Key>,
    ) -> Result<Rows, StoreError> {
        let start = paging
            .after
            .as_deref()
            .and_then(|sort_key| Some(in_gsi2(kind, sort_key.to_owned(), key_of(sort_key)?)));
        let partition = kind.to_uppercase();
        let query = Query::index(GSI2, GSI2_KEYS, &partition)
            .beginning_with(prefix)
            .limit(paging.limit)
            .after(start);
        let query = match filter {
            Some(condition) => query.filter(condition),
            None => query,
        };
        Ok(self.main.query(query).await?)
    }
}

/// Builds the page of such rows.
pub(super) fn page_by_name<T: DeserializeOwned>(rows: Rows) -> Result<Page<T, String>, StoreError> {
    let [_, sk] = GSI2_KEYS;
    let next = rows.next(|last| dynamo::string(last, sk).map(str::to_owned))?;
    let results = rows.items.into_iter().map(dynamo::parse).collect::<Result<_, _>>()?;
    Ok(Page { results, next })
}

/// Whether a list by this prefix, of things with such ids, can have returned the position.
pub fn is_list_position<I: Id>(prefix: &str, position: &str) -> bool {
    position.starts_with(prefix)
        && position.len() <= MAX_SORT_KEY
        && id_in_sort_key::<I>(position).is_some()
}
