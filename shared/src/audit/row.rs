//! The rows of the trail, and the hashes that chain them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::dynamo::{AttributeValue, DynamoError, Item, Key};
use crate::model::id::{DoctorId, PatientId, UserId};
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;

/// The outcome of a request that did what it was asked for. Any other outcome is the code of a problem.
pub const DONE: Code = Cow::Borrowed("done");

/// The version of a row's form.
const FORMAT: u32 = 1;

/// The prefix of the partition keys of chains.
pub(super) const CHAIN_PREFIX: &str = "CHAIN#";

/// The attribute with the row's text.
pub(super) const TEXT: &str = "row";

/// The attribute with the hash of the row's text.
pub(super) const HASH: &str = "hash";

/// The attribute by which DynamoDB deletes the row, in seconds since 1970.
pub(super) const TTL: &str = "ttl";

/// A name or a code from a fixed set: never something that a user wrote.
pub type Code = Cow<'static, str>;

/// The people whom a row is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subjects {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub patients: BTreeSet<PatientId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub doctors: BTreeSet<DoctorId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<UserId>,
}

/// The facts about a request: what it did, or tried to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The function, such as `patients-get`, or an operator's command, such as `ops admin add`.
    pub operation: Code,
    /// The request's id in the log; empty for an operator's command.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// A keyed digest of the client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `None` before the caller is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// Why it was allowed; `None` if it was refused, or needed no decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Code>,
    /// The patients whom the request may see on another basis than `basis`, by that basis. All are among the subjects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_bases: BTreeMap<Code, BTreeSet<PatientId>>,
    #[serde(flatten)]
    pub subjects: Subjects,
    /// The names of the changed fields, never their values. If something was created or deleted, they are not named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fields: BTreeSet<Code>,
    /// The id of a session, a hand-over, an emergency access or an assignment that the request was about. Of an invitation,
    /// whose id is a hash of an address, a keyed digest of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// `done`, or the code of the problem.
    pub outcome: Code,
}

/// The place of a row: a chain, and a number in it that begins with 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub chain: String,
    pub seq: u64,
}

/// A row that another one replaces for readers: both are of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrected {
    #[serde(flatten)]
    pub place: Place,
    pub at: Timestamp,
}

/// A row by its place and its hash, which fixes the row and all rows before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    #[serde(flatten)]
    pub place: Place,
    pub hash: String,
}

/// One row of the trail. The table has its text, and the hash of that text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    format: u32,
    #[serde(flatten)]
    pub place: Place,
    /// The hash of the row before it in the chain; empty for the first.
    pub prev: String,
    pub at: Timestamp,
    #[serde(flatten)]
    pub facts: Facts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<Corrected>,
    /// Rows at the ends of earlier chains of this process of which it is unknown whether they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closes: Vec<Head>,
    /// When DynamoDB may delete the row, in seconds since 1970.
    pub ttl: i64,
}

/// A row as it is stored.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub head: Head,
    pub item: Item,
}

impl Place {
    /// Returns the key of the row at this place.
    pub fn key(&self) -> Key {
        Key { pk: format!("{CHAIN_PREFIX}{}", self.chain), sk: format!("{:012}", self.seq) }
    }
}

impl Row {
    pub fn new(
        place: Place,
        prev: String,
        at: Timestamp,
        facts: Facts,
        corrects: Option<Corrected>,
        closes: Vec<Head>,
        ttl: i64,
    ) -> Self {
        Self { format: FORMAT, place, prev, at, facts, corrects, closes, ttl }
    }

    /// Returns the row as it is stored, with its hash.
    pub fn seal(self) -> Result<Sealed, DynamoError> {
        let text = serde_json::to_string(&self)
            .map_err(|_| DynamoError::Unexpected("a row cannot be written".to_owned()))?;
        let hash = hash_of(&text);
        let mut item = Item::from(self.place.key());
        item.insert(TTL.to_owned(), AttributeValue::N(self.ttl.to_string()));
        item.insert(HASH.to_owned(), AttributeValue::S(hash.clone()));
        item.insert(TEXT.to_owned(), AttributeValue::S(text));
        Ok(Sealed { head: Head { place: self.place, hash }, item })
    }
}

impl Facts {
    /// Leaves out the bases of patients who are not among the subjects.
    pub(super) fn retain_bases_of_subjects(&mut self) {
        let named = &self.subjects.patients;
        self.other_bases.retain(|_, patients| {
            patients.retain(|it| named.contains(it));
            !patients.is_empty()
        });
    }
}

impl Subjects {
    /// Whether all of the others are among these.
    pub fn name_all(&self, others: &Self) -> bool {
        others.patients.is_subset(&self.patients)
            && others.doctors.is_subset(&self.doctors)
            && others.accounts.is_subset(&self.accounts)
    }

    /// Removes those that are among the others.
    pub fn remove(&mut self, others: &Self) {
        self.patients.retain(|it| !others.patients.contains(it));
        self.doctors.retain(|it| !others.doctors.contains(it));
        self.accounts.retain(|it| !others.accounts.contains(it));
    }

    /// Adds others.
    pub fn extend(&mut self, others: Self) {
        self.patients.extend(others.patients);
        self.doctors.extend(others.doctors);
        self.accounts.extend(others.accounts);
    }
}

/// Returns the SHA-256 of a row's text, in base64url.
pub fn hash_of(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;

    #[test]
    fn facts_have_other_bases_of_their_patients_only() {
        let patients = |ids: &[u64]| -> BTreeSet<PatientId> {
            ids.iter().filter_map(|id| PatientId::new(*id)).collect()
        };
        let subjects = Subjects { patients: patients(&[7, 8]), ..Subjects::default() };
        let other_bases: BTreeMap<Code, BTreeSet<PatientId>> =
            [("covering".into(), patients(&[8, 9])), ("proxy".into(), patients(&[9]))].into();
        let mut facts = Facts { subjects, other_bases, ..Facts::default() };
        facts.retain_bases_of_subjects();
        let retained = BTreeMap::from([(Code::from("covering"), patients(&[8]))]);
        assert_eq!(facts.other_bases, retained);

        let text = serde_json::to_string(&facts).unwrap();
        assert!(text.contains(r#""other_bases":{"covering":[8]}"#), "{text}");
        assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts);
        let text = serde_json::to_string(&Facts::default()).unwrap();
        assert!(!text.contains("other_bases"), "{text}");
    }
}
