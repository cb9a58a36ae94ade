//! The items that belong to a doctor, a patient or an account besides its own attributes: its place in lists, its rows
//! in the search index, and its claims, which are the items that keep its unique values.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::accounts::KIND;
use super::error::StoreError;
use super::keys::{self, SELF, sort_key};
use super::records::claim;
use super::registration;
use super::search_index::{self, IndexRow};
use super::stored::{UNCHANGED, record_in, unchanged};
use super::tables::Store;
use crate::dynamo::{self, Expression, Item, Key, key_in};
use crate::model::doctor::DoctorDetails;
use crate::model::id::{Id, UserId};
use crate::model::patient::PatientDetails;
use crate::model::record::Details;
use crate::model::user::User;
use crate::model::version::Version;

/// The kinds of subjects.
pub const KINDS: [&str; 3] = [KIND, DoctorDetails::KIND, PatientDetails::KIND];

/// A doctor, a patient or an account.
pub struct Subject {
    pub kind: &'static str,
    pub id: u64,
    pub version: Version,
    /// Its sort key in lists.
    pub sort_key: String,
    pub rows: BTreeSet<IndexRow>,
    /// Each has a key of its own.
    pub claims: Vec<Claim>,
    /// The keys that its claims had by the rule of schema 1.
    pub old_claims: BTreeSet<Key>,
    /// The account's id, if it is an active administrator's.
    pub admin: Option<UserId>,
}

/// A unique value.
pub struct Claim {
    pub field: &'static str,
    pub key: Key,
    pub item: Item,
}

impl Claim {
    fn of((field, item): (&'static str, Item)) -> Option<Self> {
        Some(Self { field, key: key_in(&item)?, item })
    }
}

impl Subject {
    pub fn key(&self) -> Key {
        key_of(self.kind, self.id)
    }

    /// Whether it must have this row or claim.
    pub fn has(&self, key: &Key) -> bool {
        self.rows.iter().any(|row| row.key == *key)
            || self.claims.iter().any(|claim| claim.key == *key)
    }

    /// A condition: the claim is free or has this owner.
    pub fn may_claim(&self) -> Expression {
        let condition = if self.kind == KIND {
            "attribute_not_exists(pk) OR user_id = :owner"
        } else {
            "attribute_not_exists(pk) OR #id = :owner"
        };
        Expression::only(condition).number(":owner", self.id)
    }

    /// A condition: it is still the version that was read.
    pub fn is_unchanged(&self) -> Expression {
        unchanged(self.version)
    }

    /// Returns the change that puts it in its place in lists if it is still the version that was read.
    pub fn relisted(&self) -> Expression {
        Expression::update("SET gsi2pk = :kind, gsi2sk = :sort_key")
            .only_if(UNCHANGED)
            .text(":kind", self.kind.to_ascii_uppercase())
            .text(":sort_key", &self.sort_key)
            .number(":version", self.version)
    }
}

impl Store {
    /// Returns the subject of a kind with this id, if it exists. Calls: GetItem.
    pub(super) async fn subject(&self, kind: &str, id: u64) -> Result<Option<Subject>, StoreError> {
        match self.main.get(key_of(kind, id)).await? {
            Some(item) => subject_in(&item),
            None => Ok(None),
        }
    }
}

pub fn key_of(kind: &str, id: u64) -> Key {
    Key { pk: keys::record(kind, id), sk: SELF.to_owned() }
}

/// Returns the attribute of a claim with the id of its owner.
pub fn owner_attribute(kind: &str) -> &'static str {
    if kind == KIND { "user_id" } else { "id" }
}

/// A condition: the claim has this owner.
pub fn is_owned(kind: &str, id: u64) -> Expression {
    let condition = if kind == KIND { "user_id = :owner" } else { "#id = :owner" };
    Expression::only(condition).number(":owner", id)
}

/// Returns the subject in an item; `None` for other items and for deleted records.
pub fn subject_in(item: &Item) -> Result<Option<Subject>, StoreError> {
    let Some(key) = key_in(item).filter(|key| key.sk == SELF) else { return Ok(None) };
    let is = |kind| key.pk.starts_with(&keys::prefix(kind));
    let subject = if is(DoctorDetails::KIND) {
        record::<DoctorDetails>(item)
    } else if is(PatientDetails::KIND) {
        record::<PatientDetails>(item)
    } else if is(KIND) {
        account(item).map(Some)
    } else {
        Ok(None)
    };
    subject.map_err(|_| StoreError::unexpected(format!("the item {} cannot be read", key.pk)))
}

fn record<D: Details>(item: &Item) -> Result<Option<Subject>, StoreError> {
    let Some(record) = record_in::<D>(item.clone())? else { return Ok(None) };
    let unique = record.details.unique();
    let old_claims = unique.iter().filter_map(|(field, _)| {
        let form = old_form(dynamo::string(item, field)?);
        Some(Key::unique::<D>(field, &form))
    });
    let claims = unique.iter().map(|(field, form)| (*field, claim::<D>(field, form, record.id)));
    Ok(Some(Subject {
        kind: D::KIND,
        id: record.id.get(),
        version: record.version,
        sort_key: sort_key(&record.details.sort_name(), record.id.get()),
        rows: search_index::written_rows(&record),
        old_claims: old_claims.collect(),
        claims: claims.filter_map(Claim::of).collect(),
        admin: None,
    }))
}

fn account(item: &Item) -> Result<Subject, StoreError> {
    let user: User = dynamo::parse(item.clone())?;
    let names = [user.username.as_str(), user.email.as_str()];
    Ok(Subject {
        kind: KIND,
        id: user.id.get(),
        version: user.version,
        sort_key: sort_key(&[user.username.unique_form()], user.id.get()),
        rows: BTreeSet::new(),
        old_claims: names.iter().map(|name| Key::identifier(&old_form(name))).collect(),
        claims: registration::claims(&user)?.into_iter().filter_map(Claim::of).collect(),
        admin: user.is_active_admin().then_some(user.id),
    })
}

/// Returns the form in which schema 1 compared unique values.
fn old_form(text: &str) -> String {
    let one_sigma = |c| if c == 'ς' { 'σ' } else { c };
    text.nfkc().flat_map(char::to_lowercase).map(one_sigma).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_form_is_that_of_schema_1() {
        for (text, form) in [("ＡMARA", "amara"), ("ﬁn", "fin"), ("Straße", "straße")] {
            assert_eq!(old_form(text), form);
        }
        assert_eq!(old_form("Νίκος"), old_form("ΝΊΚΟΣ"));
        assert_eq!(old_form("BUG-1\u{200b}"), "bug-1\u{200b}");
    }
}
