//! The version of the stored data: which items and keys this version of the product expects.

use super::accounts::KIND;
use super::error::StoreError;
use super::operator::Operator;
use crate::dynamo::{self, AttributeValue, Item, Key, ReadPlan};
use crate::model::doctor::DoctorDetails;
use crate::model::patient::PatientDetails;
use crate::model::record::Details;
use crate::model::search_key::SEARCH_KEY_VERSION;

/// The version of the items and their keys. The tables of version 1 have no item with their version.
const SCHEMA_VERSION: u32 = 5;

const VERSION: &str = "version";

/// The version of a table's data, compared with this program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    Current,
    /// The table has no accounts, doctors or patients, and has never had any.
    Empty,
    Outdated,
    /// A later version of this program has written it.
    Newer,
}

/// The version of the items, and that of the rule for search keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

impl Version {
    const CURRENT: Self = Self(SCHEMA_VERSION, SEARCH_KEY_VERSION);

    fn parse(text: &str) -> Option<Self> {
        let (items, search_keys) = text.split_once('.')?;
        Some(Self(items.parse().ok()?, search_keys.parse().ok()?))
    }
}

impl Operator<'_> {
    /// Returns whether the table has the data that this program expects. Calls: BatchGetItem.
    pub async fn schema(&self) -> Result<SchemaState, StoreError> {
        let counters = [KIND, DoctorDetails::KIND, PatientDetails::KIND].map(Key::counter);
        let keys = counters.into_iter().chain([Key::schema()]).collect();
        let mut items = self.store.main.batch_get(ReadPlan::whole(keys)).await?;
        let stored = items.take(&Key::schema()).map(|item| version_in(&item)).transpose()?;
        let has_data = items.into_iter().next().is_some();
        Ok(match stored {
            Some(version) if version > Version::CURRENT => SchemaState::Newer,
            Some(Version::CURRENT) => SchemaState::Current,
            _ if has_data => SchemaState::Outdated,
            _ => SchemaState::Empty,
        })
    }

    /// Marks an empty table as one with this program's data. Calls: PutItem.
    pub async fn start_schema(&self) -> Result<(), StoreError> {
        Ok(self.store.main.put(item()).await?)
    }
}

/// Returns this program's version as an item.
pub(super) fn item() -> Item {
    let mut item = Item::from(Key::schema());
    item.insert(VERSION.to_owned(), AttributeValue::S(current()));
    item
}

/// Returns this program's version as text.
pub(super) fn current() -> String {
    let Version(items, search_keys) = Version::CURRENT;
    format!("{items}.{search_keys}")
}

fn version_in(item: &Item) -> Result<Version, StoreError> {
    let version = dynamo::string(item, VERSION).and_then(Version::parse);
    version.ok_or_else(|| StoreError::missing("the version of the stored data"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version_in(&item()).unwrap(), Version::CURRENT);
        let parse = |text| Version::parse(text).unwrap();
        assert!(parse("10.1") > parse("2.1"));
        assert!(parse("2.10") > parse("2.9"));
        assert_eq!(Version::parse("2"), None);
    }
}
