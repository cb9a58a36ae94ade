//! The keys of every item: how they are made and how ids are read out of them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_dynamo::aws_sdk_dynamodb_1::to_item;

use super::TableError;
use crate::model::id::{DoctorId, Id, PatientId, UserId};
use crate::model::record::Details;
use crate::model::session::SessionId;

pub type Item = HashMap<String, AttributeValue>;

/// The sort key of an item that stands for a thing itself; it sorts before every other one.
pub const SELF: &str = "#";

/// The index of mappings, by doctor, then patient.
pub const GSI1: &str = "gsi1";

/// The index of users, doctors and patients, each in the order of names.
pub const GSI2: &str = "gsi2";

/// DynamoDB's limit of a sort key, in bytes.
pub const MAX_SORT_KEY: usize = 1024;

/// Parts the sort names of gsi2: ASCII's unit separator, which no name contains and which sorts
/// before every character that one does.
const SEPARATOR: char = '\u{1f}';

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn of(pk: String) -> Self {
        Self { pk, sk: SELF.to_owned() }
    }

    pub fn record<D: Details>(id: D::Id) -> Self {
        Self::of(record(D::KIND, id.get()))
    }

    pub fn unique<D: Details>(field: &str, folded: &str) -> Self {
        Self::of(format!("UNIQUE#{}-{field}#{folded}", D::KIND))
    }

    pub fn counter(kind: &str) -> Self {
        Self::of(format!("COUNTER#{kind}"))
    }

    pub fn admins() -> Self {
        Self::of("ADMINS".to_owned())
    }

    /// `None` is the key of no account: read for an unknown name, so that it costs what a known one costs.
    pub fn user(id: Option<UserId>) -> Self {
        Self::of(user(id))
    }

    /// As for [`Key::user`].
    pub fn credential(id: Option<UserId>) -> Self {
        Self::of(record("cred", id.map_or(0, Id::get)))
    }

    /// `folded` is a username or an email.
    pub fn identifier(folded: &str) -> Self {
        Self::of(format!("IDENT#{folded}"))
    }

    pub fn session(user_id: UserId, session: &SessionId) -> Self {
        Self { pk: user(Some(user_id)), sk: format!("{SESSION_PREFIX}{session}") }
    }

    /// A counter of tries; `window` is its beginning in seconds since 1970, for counters that have one.
    pub fn attempts(kind: &str, hash: &[u8], window: Option<i64>) -> Self {
        Self {
            pk: format!("ATTEMPTS#{kind}#{}", URL_SAFE_NO_PAD.encode(hash)),
            sk: window.map_or_else(|| SELF.to_owned(), |start| format!("WINDOW#{start}")),
        }
    }

    /// `hash` is that of the caller's own key.
    pub fn idempotency(caller: UserId, hash: &[u8]) -> Self {
        Self::of(format!("IDEM#{:016}#{}", caller.get(), URL_SAFE_NO_PAD.encode(hash)))
    }

    /// `hash` is the token's.
    pub fn reset(hash: &str) -> Self {
        Self::of(format!("RESET#{hash}"))
    }

    /// The mapping's row among the patient's: the one that gsi1 holds.
    pub fn patients_mapping(patient: PatientId, doctor: DoctorId) -> Self {
        Self { pk: record("patient", patient.get()), sk: record("doctor", doctor.get()) }
    }

    /// The same mapping's row among the doctor's.
    pub fn doctors_mapping(patient: PatientId, doctor: DoctorId) -> Self {
        Self { pk: record("doctor", doctor.get()), sk: record("patient", patient.get()) }
    }

    /// A public token key, in the keys table.
    pub fn signing_key(kid: &str) -> Self {
        Self { pk: SIGNING_KEYS.to_owned(), sk: kid.to_owned() }
    }
}

/// What the sort keys of a user's sessions begin with.
pub const SESSION_PREFIX: &str = "SESSION#";

/// The partition of all public token keys.
pub const SIGNING_KEYS: &str = "KEYS";

impl From<Key> for Item {
    fn from(key: Key) -> Self {
        Item::from([
            ("pk".to_owned(), AttributeValue::S(key.pk)),
            ("sk".to_owned(), AttributeValue::S(key.sk)),
        ])
    }
}

/// The content of an item, under its key.
pub fn item<T: Serialize>(content: &T, key: Key) -> Result<Item, TableError> {
    let mut item: Item = to_item(content).map_err(TableError::unreadable)?;
    item.extend(Item::from(key));
    Ok(item)
}

/// The keys of a mapping in gsi1 and, its row being the patient's, in the table.
pub fn in_gsi1(patient: PatientId, doctor: DoctorId) -> Item {
    let mut keys = Item::from(Key::patients_mapping(patient, doctor));
    let index = Key::doctors_mapping(patient, doctor);
    keys.insert("gsi1pk".to_owned(), AttributeValue::S(index.pk));
    keys.insert("gsi1sk".to_owned(), AttributeValue::S(index.sk));
    keys
}

/// The keys of an item in gsi2 and in the table; `kind` is `user`, `doctor` or `patient`.
pub fn in_gsi2(kind: &str, sort_key: String, key: Key) -> Item {
    let mut keys = Item::from(key);
    keys.insert("gsi2pk".to_owned(), gsi2_partition(kind));
    keys.insert("gsi2sk".to_owned(), AttributeValue::S(sort_key));
    keys
}

pub fn gsi2_partition(kind: &str) -> AttributeValue {
    AttributeValue::S(kind.to_uppercase())
}

/// Padded, so that keys sort as their ids do: `DOCTOR#0000000000000007`.
pub fn record(kind: &str, id: u64) -> String {
    format!("{}{id:016}", prefix(kind))
}

/// What all keys of a kind begin with: `DOCTOR#`.
pub fn prefix(kind: &str) -> String {
    format!("{}#", kind.to_uppercase())
}

fn user(id: Option<UserId>) -> String {
    record("user", id.map_or(0, Id::get))
}

/// The id in a key that [`record`] made, whatever its kind.
pub fn id_in<I: Id>(key: &str) -> Option<I> {
    let (_, digits) = key.split_once('#')?;
    I::new(digits.parse().ok()?)
}

/// The sort key of gsi2: names, then the id, so that no two are equal.
pub fn sort_key(names: &[String], id: u64) -> String {
    let mut key = names.join(&SEPARATOR.to_string());
    key.push(SEPARATOR);
    key.push_str(&format!("{id:016}"));
    key
}

/// The id at the end of what [`sort_key`] made.
pub fn id_in_sort_key<I: Id>(key: &str) -> Option<I> {
    let (_, digits) = key.rsplit_once(SEPARATOR)?;
    I::new(digits.parse().ok()?)
}

/// Where a page ended, read out of DynamoDB's `LastEvaluatedKey`; an unreadable one is not the end.
pub fn position<P>(
    last: Option<Item>,
    read: impl FnOnce(&Item) -> Option<P>,
) -> Result<Option<P>, TableError> {
    let read = |last| read(&last).ok_or_else(|| TableError::missing("the position"));
    last.map(read).transpose()
}

/// A string attribute of an item.
pub fn text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_ids_do_and_give_them_back() {
        let [nine, ten] = [9, 10].map(|id| record("doctor", id));
        assert!(nine < ten);
        assert_eq!(id_in::<DoctorId>(&ten), DoctorId::new(10));
        assert_eq!(id_in::<DoctorId>("DOCTOR#x"), None);
    }

    #[test]
    fn sort_keys_order_by_last_name_first() {
        let key = |last: &str, first: &str| sort_key(&[last.to_owned(), first.to_owned()], 7);
        assert!(key("roe", "zoë") < key("roe jr", "amara"));
        assert!(key("roe", "amara") < key("roe", "zoë"));
        assert_eq!(id_in_sort_key::<DoctorId>(&key("roe", "zoë")), DoctorId::new(7));
    }
}
