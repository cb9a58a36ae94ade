//! Patients who may be the same person as one that is about to be created.

use std::collections::{BTreeSet, HashSet};

use super::error::StoreError;
use super::keys::id_in_sort_key;
use super::load::Nothing;
use super::records::RecordActs;
use super::search_index::{rotations, streams_of_equals};
use super::stored::UNRESTRICTED;
use super::tables::Store;
use crate::access::{Granted, action};
use crate::dynamo::{self, Query, Rows};
use crate::model::duplicate::{PossibleDuplicate, PossibleDuplicates};
use crate::model::patient::PatientDetails;
use crate::model::record::Record;
use crate::model::search::SearchTerms;

/// The most records that are named.
const MAX_NAMED: usize = 10;

/// The most records that are compared: DynamoDB's limit of one BatchGetItem.
const MAX_COMPARED: usize = 100;

action! {
    /// Finds patients who may be the same person as one with these data.
    FindDuplicates: Nothing
}

impl Store {
    /// Returns the patients who may be the same person, at most ten. Calls: a Query for each name, phone and
    /// identifier; BatchGetItem if one was found.
    pub async fn possible_duplicates(
        &self,
        _by: Granted<FindDuplicates>,
        terms: &SearchTerms,
    ) -> Result<PossibleDuplicates, StoreError> {
        let ids = self.equals_of::<PatientDetails>(terms).await?;
        let matches = self.matches_among::<PatientDetails>(&ids, terms);
        let found = self.showing(ids.iter().copied(), matches).await?;
        let possible_duplicates = found.into_iter().map(PossibleDuplicate::of).collect();
        Ok(PossibleDuplicates { possible_duplicates })
    }

    /// Returns the records that may be of the same person, at most ten and no restricted ones: those with the same birth
    /// date first. Of these and of the others, those with the same identifier first, then those with the same phone, then
    /// those with the same name, each by id. Reads consistently. Calls: a Query for each name, phone and identifier;
    /// BatchGetItem if one was found.
    pub(super) async fn duplicates_of<D: RecordActs>(
        &self,
        terms: &SearchTerms,
    ) -> Result<Vec<Record<D>>, StoreError> {
        let ids = self.equals_of::<D>(terms).await?;
        self.matches_among::<D>(&ids, terms).await
    }

    /// Returns the ids of the records that have the same name, phone or identifier. Calls: a Query for each name, phone
    /// and identifier.
    async fn equals_of<D: RecordActs>(
        &self,
        terms: &SearchTerms,
    ) -> Result<Vec<D::Id>, StoreError> {
        let streams = streams_of_equals::<D>(terms);
        let mut queries = Vec::with_capacity(streams.len());
        let limit = i32::try_from(MAX_COMPARED).unwrap_or(i32::MAX);
        for stream in &streams {
            queries.push(
                Query::partition(&stream.partition)
                    .beginning_with(&stream.prefix)
                    .filter(UNRESTRICTED)
                    .project("sk")
                    .limit(limit),
            );
        }
        ids_in::<D>(&self.main.query_all(queries).await?)
    }

    /// Returns those of the records that may be of the same person, at most ten. Calls: BatchGetItem; none without ids.
    async fn matches_among<D: RecordActs>(
        &self,
        ids: &[D::Id],
        terms: &SearchTerms,
    ) -> Result<Vec<Record<D>>, StoreError> {
        let mut found = self.records_with::<D>(ids, D::LISTED).await?;
        let records = ids.iter().filter_map(|id| found.remove(id));
        let is_match = |record: &Record<D>| {
            let Record { details, .. } = record;
            !details.is_restricted() && is_duplicate(terms, &details.search_terms())
        };
        let mut matches: Vec<Record<D>> = records.filter(is_match).collect();
        let has_known_birth_date = |record: &Record<D>| {
            let born = record.details.search_terms().birth_date;
            born.is_some() && born == terms.birth_date
        };
        matches.sort_by_key(|record| !has_known_birth_date(record));
        matches.truncate(MAX_NAMED);
        Ok(matches)
    }
}

/// Returns the different ids in rows, in their order, and no more than are compared.
fn ids_in<D: RecordActs>(found: &[Rows]) -> Result<Vec<D::Id>, StoreError> {
    let (mut ids, mut seen) = (Vec::new(), HashSet::new());
    for row in found.iter().flat_map(|rows| &rows.items) {
        let id = dynamo::string(row, "sk").and_then(id_in_sort_key::<D::Id>);
        let id = id.ok_or_else(|| StoreError::missing("an id"))?;
        if ids.len() < MAX_COMPARED && seen.insert(id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Whether two records may be of the same person: they have the same identifier or the same phone, or the same name and
/// dates of birth that may be equal.
fn is_duplicate(one: &SearchTerms, other: &SearchTerms) -> bool {
    let has_identifier = one.identifiers.iter().any(|it| other.identifiers.contains(it));
    let has_phone = one.phones.iter().any(|it| other.phones.contains(it));
    let may_be_born = match (one.birth_date, other.birth_date) {
        (Some(one), Some(other)) => one.may_equal(other),
        (None, _) | (_, None) => true,
    };
    has_identifier || has_phone || may_be_born && !names(one).is_disjoint(&names(other))
}

/// Returns current and former names in all their rotations, without spaces: neither the order of first and last name
/// nor the division into words matters.
fn names(terms: &SearchTerms) -> BTreeSet<String> {
    let names = [&terms.name].into_iter().chain(&terms.former_names);
    names.flat_map(|name| rotations(name)).map(|name| name.replace(' ', "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, born: Option<&str>) -> SearchTerms {
        let birth_date = born.map(|date| date.parse().unwrap());
        SearchTerms { name: name.to_owned(), birth_date, ..SearchTerms::default() }
    }

    #[test]
    fn same_name_and_a_possible_birth_date_match() {
        let jane = person("jane roe", Some("1985-04-12"));
        for (name, born, expected) in [
            ("jane roe", Some("1985-04-12"), true),
            ("roe jane", Some("1985"), true),
            ("jane roe", None, true),
            ("jane roe", Some("1985-04-13"), false),
            ("jane r roe", Some("1985-04-12"), false),
            ("roe", None, false),
            ("", None, false),
        ] {
            let other = person(name, born);
            assert_eq!(is_duplicate(&jane, &other), expected, "{name} {born:?}");
            assert_eq!(is_duplicate(&other, &jane), expected, "{name} {born:?}");
        }
        let married = SearchTerms {
            former_names: vec!["jane roe".to_owned()],
            ..person("jane doe", Some("1985-04"))
        };
        assert!(is_duplicate(&jane, &married) && is_duplicate(&married, &jane));
    }

    #[test]
    fn same_phone_or_identifier_matches_alone() {
        let phone = |digits: &str| SearchTerms {
            phones: vec![digits.to_owned()],
            ..person("jane roe", Some("1985"))
        };
        let other = SearchTerms { phones: phone("12025550147").phones, ..person("a b", None) };
        assert!(is_duplicate(&phone("12025550147"), &other));
        assert!(!is_duplicate(&phone("2025550147"), &other));
        let identified = |name: &str, system: &str| SearchTerms {
            identifiers: vec![(system.to_owned(), "7".to_owned())],
            ..person(name, None)
        };
        assert!(is_duplicate(&identified("a", "mrn"), &identified("b", "mrn")));
        assert!(!is_duplicate(&identified("a", "mrn"), &identified("b", "nhs")));
    }
}
