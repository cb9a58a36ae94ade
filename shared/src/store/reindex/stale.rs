//! Removes index rows and claims that their record does not have any more: those of an older rule.

use std::collections::{BTreeMap, HashMap};

use crate::dynamo::{self, Expression, Item, Key, MAX_ACTIONS, Outcome, ReadPlan, key_in};
use crate::store::error::StoreError;
use crate::store::keys::SEPARATOR;
use crate::store::subject::{KINDS, Subject, is_owned, key_of, owner_attribute, subject_in};
use crate::store::tables::Store;

/// The attributes that tell whose an item is.
pub const ATTRIBUTES: &str = "pk, sk, id, user_id";

/// The kinds of rows of the search index.
const ROWS: [&str; 5] = ["NAME", "BORN", "PHONE", "IDENTIFIER", "SPECIALTY"];

/// The owner of an item: its kind and its id.
type Owner = (&'static str, u64);

/// The kind of an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Row,
    Claim,
}

/// Removes those of these items. An item of another kind is left alone. Returns `Contended` if a request changed a
/// record at the same time. Calls: BatchGetItem; TransactWriteItems for each record with such items.
pub async fn remove_stale(store: &Store, items: &[Item]) -> Result<(), StoreError> {
    let mut parts: BTreeMap<Owner, Vec<(Key, Part)>> = BTreeMap::new();
    for item in items {
        if let Some((owner, key, part)) = part_in(item) {
            parts.entry(owner).or_default().push((key, part));
        }
    }
    let keys = parts.keys().map(|(kind, id)| key_of(kind, *id)).collect();
    let mut owners = HashMap::new();
    for item in store.main.batch_get(ReadPlan::whole(keys)).await? {
        if let Some(subject) = subject_in(&item)? {
            owners.insert((subject.kind, subject.id), subject);
        }
    }
    for (owner, mut parts) in parts {
        let subject = owners.get(&owner);
        parts.retain(|(key, _)| subject.is_none_or(|subject| !subject.has(key)));
        // The record itself is in each transaction, too.
        for parts in parts.chunks(MAX_ACTIONS - 1) {
            remove(store, owner, subject, parts).await?;
        }
    }
    Ok(())
}

async fn remove(
    store: &Store,
    (kind, id): Owner,
    subject: Option<&Subject>,
    parts: &[(Key, Part)],
) -> Result<(), StoreError> {
    let is_gone = || Expression::only("attribute_not_exists(pk) OR attribute_exists(deleted_at)");
    let condition = subject.map_or_else(is_gone, Subject::is_unchanged);
    let mut transaction = store.main.transaction().require(key_of(kind, id), condition, ());
    for (key, part) in parts {
        transaction = match part {
            Part::Row => transaction.delete(key.clone()),
            // Another record may have taken it.
            Part::Claim => transaction.delete_if(key.clone(), is_owned(kind, id), ()),
        };
    }
    match transaction.commit().await? {
        Outcome::Committed => Ok(()),
        Outcome::Refused(_) => Err(StoreError::Contended),
    }
}

/// Returns the owner, the key and the kind of an index row or a claim.
fn part_in(item: &Item) -> Option<(Owner, Key, Part)> {
    let key = key_in(item)?;
    let (first, rest) = key.pk.split_once('#')?;
    let (second, _) = rest.split_once('#').unwrap_or((rest, ""));
    let kind = |name: &str| KINDS.into_iter().find(|kind| *kind == name);
    if ROWS.contains(&first) {
        let (_, id) = key.sk.rsplit_once(SEPARATOR)?;
        return Some(((kind(second)?, id.parse().ok()?), key, Part::Row));
    }
    let kind = match first {
        "IDENT" => kind("user")?,
        "UNIQUE" => kind(second.split_once('-')?.0)?,
        _ => return None,
    };
    let id = dynamo::number(item, owner_attribute(kind))?;
    Some(((kind, id), key, Part::Claim))
}
