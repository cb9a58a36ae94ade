//! Looking patients up by last name and date of birth, by people who may not see them yet. Nothing but ids leaves.

use super::error::StoreError;
use super::keys::{SEPARATOR, id_in_sort_key};
use super::load::Nothing;
use super::search_index::{Stream, streams};
use super::stored::LISTED_PATIENT_ATTRIBUTES;
use super::tables::Store;
use crate::access::{Granted, action};
use crate::dynamo::{self, Item, Query, Rows};
use crate::model::id::PatientId;
use crate::model::lookup::{PatientIds, PatientLookup};
use crate::model::partial_date::PartialDate;
use crate::model::patient::{Patient, PatientDetails};
use crate::model::record::Details;
use crate::model::search::Criteria;

/// The most patients who are named.
const MAX_FOUND: usize = 20;

/// The number of patients that are compared at a time: DynamoDB's limit of one BatchGetItem.
const ROWS: i32 = 100;

action! {
    /// Looks patients up by last name and date of birth.
    LookUpPatients: Nothing
}

impl Store {
    /// Returns the ids of all patients, also restricted ones, with this last name and this date of birth, and no more than
    /// 20. Reads consistently. Calls: Query and BatchGetItem for every 100 patients of this date; Query alone if there is
    /// none.
    pub async fn look_up_patients(
        &self,
        _by: Granted<LookUpPatients>,
        lookup: &PatientLookup,
    ) -> Result<PatientIds, StoreError> {
        let (mut ids, mut after) = (Vec::new(), None);
        let Some(Stream { partition, prefix }) = born_on(lookup.date_of_birth) else {
            return Ok(PatientIds { ids });
        };
        loop {
            let query = Query::partition(&partition).beginning_with(&prefix).project("sk");
            let rows = self.main.query(query.limit(ROWS).after(after)).await?;
            after = rows.next(|last| Some(last.clone()))?;
            let candidates = ids_in(&rows)?;
            let mut found =
                self.records_with::<PatientDetails>(&candidates, LISTED_PATIENT_ATTRIBUTES).await?;
            let records = candidates.iter().filter_map(|id| found.remove(id));
            ids.extend(records.filter(|it| is_meant(lookup, it)).map(|it| it.id));
            if after.is_none() || ids.len() >= MAX_FOUND {
                ids.truncate(MAX_FOUND);
                return Ok(PatientIds { ids });
            }
        }
    }
}

/// Returns the rows of exactly this date of birth.
fn born_on(date: PartialDate) -> Option<Stream> {
    let criteria = Criteria { birth_date: Some(date), ..Criteria::default() };
    // The first of the streams has the dates that begin with this one.
    let mut stream = streams::<PatientDetails>(&criteria).into_iter().next()?;
    stream.prefix.push(SEPARATOR);
    Some(stream)
}

/// Whether the patient has exactly this last name, or this only name, and this date of birth.
fn is_meant(lookup: &PatientLookup, patient: &Patient) -> bool {
    let [last_name, _] = patient.details.sort_name();
    patient.details.date_of_birth == Some(lookup.date_of_birth)
        && last_name == lookup.last_name.search_key()
}

fn ids_in(rows: &Rows) -> Result<Vec<PatientId>, StoreError> {
    let id_of = |row: &Item| {
        let id = dynamo::string(row, "sk").and_then(id_in_sort_key::<PatientId>);
        id.ok_or_else(|| StoreError::missing("an id"))
    };
    rows.items.iter().map(id_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_is_exact() {
        for (date, partition, prefix) in [
            ("1985-04-12", "BORN#patient#1985", "1985-04-12\u{1f}"),
            ("1985-04", "BORN#patient#1985", "1985-04\u{1f}"),
            ("1985", "BORN#patient#1985", "1985\u{1f}"),
        ] {
            let stream = born_on(date.parse().unwrap()).unwrap();
            assert_eq!((stream.partition.as_str(), stream.prefix.as_str()), (partition, prefix));
        }
    }
}
