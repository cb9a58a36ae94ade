//! Digests of the archive: an object for each hour that names the newest row of each chain that moved, and the hash of
//! the digest before it. So one digest that is kept elsewhere, or that is signed, confirms the whole archive before it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::objects::{Archive, ArchiveError, Object, sha256};
use super::rows::{ROWS, keys_in_hour, rows_in};
use super::signature::{SIGNATURE, Signer};
use crate::audit::Head;
use crate::model::timestamp::Timestamp;

/// The prefix of the keys of digests.
const DIGESTS: &str = "digests/";

/// The stream keeps a row for a day. So an object may be written this much later than its key says, with a margin.
const STREAM_SPAN: Duration = Duration::from_secs(25 * 60 * 60);

/// A digest is of the objects that were written since this long before the last one, so a row may be in several
/// digests. This is the hour of the last one and the hour before it: if somebody else put the last one, before this
/// function was called in that hour, it lacks what was written since the one before it. The clocks of S3 and of the
/// functions may differ by five minutes.
const OVERLAP: Duration = Duration::from_secs((2 * 60 + 5) * 60);

/// A digest, as its object has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The rows that were archived before this time are in this digest or in an earlier one.
    pub at: Timestamp,
    /// `None` for the first one.
    pub previous: Option<PreviousDigest>,
    /// The newest row of each chain that moved since the previous digest, and of some that moved shortly before it.
    pub heads: Vec<Head>,
}

/// The digest before another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousDigest {
    pub key: String,
    /// The SHA-256 of the object, in hexadecimal digits.
    pub sha256: String,
}

/// The digests of the last day, or the last one before it.
#[derive(Default)]
struct Found {
    /// The last digest that is right.
    last: Option<Last>,
    /// The key of one that is wrong: somebody else put it there.
    wrong: Option<String>,
}

/// The last digest that is right.
struct Last {
    digest: PreviousDigest,
    at: Timestamp,
}

impl Digest {
    /// Returns whether a digest with this key can have this time, and is not later than now.
    pub fn is_of(&self, key: &str, now: Timestamp) -> bool {
        self.at <= now && key_of(self.at) == key
    }
}

impl Archive {
    /// Puts the digest of this hour, and its signature if there is a signer. Returns the digest, or `None` if the hour
    /// has one already.
    ///
    /// # Errors
    /// Names an object that somebody else has put among the digests of the last day. The digest is put nevertheless,
    /// except in the place of such an object. Without a signer, nobody can tell a digest of somebody else whose time is
    /// in its hour. With one, it shows by its missing signature. If the process ends between the puts of the digest and
    /// of its signature, the digest looks like that, too, until the hour is over.
    pub async fn put_digest(
        &self,
        now: Timestamp,
        signer: Option<&Signer>,
    ) -> Result<Option<Digest>, ArchiveError> {
        let key = key_of(now);
        let Found { last, wrong } = self.last_digest(now).await?;
        let is_there = last.as_ref().is_some_and(|last| last.digest.key == key);
        if signer.is_some() && self.has_signature(&key).await? != is_there {
            return Err(ArchiveError::Unsigned(key));
        }
        let digest = if is_there { None } else { self.put_next(&key, last, now, signer).await? };
        match wrong {
            Some(wrong) => Err(ArchiveError::Digest(wrong)),
            None => Ok(digest),
        }
    }

    /// Puts the digest after the last one. Returns it, or `None` if its key is taken.
    async fn put_next(
        &self,
        key: &str,
        last: Option<Last>,
        now: Timestamp,
        signer: Option<&Signer>,
    ) -> Result<Option<Digest>, ArchiveError> {
        let since = last.as_ref().map(|last| last.at.minus(OVERLAP));
        let heads = self.heads_since(since).await?;
        let digest = Digest { at: now, previous: last.map(|last| last.digest), heads };
        let content = serde_json::to_vec(&digest);
        let content = content.map_err(|_| ArchiveError::Json("a digest".to_owned()))?;
        let is_put = self.put_signed(key, &content, signer).await?;
        Ok(is_put.then_some(digest))
    }

    /// Puts a digest, and then its signature. Returns whether the digest's key was free; with a signer, a taken key is
    /// an error.
    ///
    /// Only a content of this process is signed, never one that is in the bucket already: somebody else may have put it
    /// there. If the process ends between the two puts, the digest stays without a signature, and the next digest, which
    /// names its hash, confirms it.
    async fn put_signed(
        &self,
        key: &str,
        content: &[u8],
        signer: Option<&Signer>,
    ) -> Result<bool, ArchiveError> {
        // Before the digest is put: if KMS fails, the function is called again and finds the hour without a digest.
        let signature = match signer {
            Some(signer) => Some(signer.sign(content).await?),
            None => None,
        };
        let is_put = self.put_own(key, content).await?;
        let Some(signature) = signature else { return Ok(is_put) };
        if is_put && self.put_own(&format!("{key}{SIGNATURE}"), &signature).await? {
            return Ok(true);
        }
        Err(ArchiveError::Unsigned(key.to_owned()))
    }

    /// Puts an object. Returns whether it is there: the SDK repeats a put whose answer was lost, and then finds the key
    /// taken by its own object.
    async fn put_own(&self, key: &str, content: &[u8]) -> Result<bool, ArchiveError> {
        Ok(self.put(key, content.to_vec()).await? || self.get(key).await? == content)
    }

    /// Returns whether the digest with this key has a signature, right or wrong. There may be no such digest.
    async fn has_signature(&self, key: &str) -> Result<bool, ArchiveError> {
        let signature = format!("{key}{SIGNATURE}");
        Ok(self.list(&signature, key).await?.iter().any(|object| object.key == signature))
    }

    /// Looks at the digests of the last day. All wrong ones are found again in each call of this day, so that each
    /// raises the alarm.
    async fn last_digest(&self, now: Timestamp) -> Result<Found, ArchiveError> {
        let mut found = Found::default();
        for key in self.digests_after(&key_of(now.minus(STREAM_SPAN))).await? {
            match self.right_digest(&key, now).await? {
                Some(right) => found.last = Some(right),
                None => found.wrong = Some(key),
            }
        }
        if found.last.is_none() {
            for key in self.digests_after(DIGESTS).await?.into_iter().rev() {
                found.last = self.right_digest(&key, now).await?;
                if found.last.is_some() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Returns the keys of the digests that sort after this key, in their order.
    async fn digests_after(&self, after: &str) -> Result<Vec<String>, ArchiveError> {
        let keys = self.list(DIGESTS, after).await?.into_iter().map(|object| object.key);
        Ok(keys.filter(|key| !key.ends_with(SIGNATURE)).collect())
    }

    /// Returns the digest with this key; `None` if it is no digest, or not of this hour, or of a later time than now.
    async fn right_digest(&self, key: &str, now: Timestamp) -> Result<Option<Last>, ArchiveError> {
        let content = self.get(key).await?;
        let digest = serde_json::from_slice::<Digest>(&content).ok();
        Ok(digest.filter(|digest| digest.is_of(key, now)).map(|digest| {
            let previous = PreviousDigest { key: key.to_owned(), sha256: sha256(&content) };
            Last { digest: previous, at: digest.at }
        }))
    }

    /// Returns the newest row of each chain in the objects that were written since this time; in all objects if `None`.
    async fn heads_since(&self, since: Option<Timestamp>) -> Result<Vec<Head>, ArchiveError> {
        let after = since.map(|since| keys_in_hour(since.minus(STREAM_SPAN)));
        let mut newest = BTreeMap::<String, Head>::new();
        let objects = self.list(ROWS, after.as_deref().unwrap_or(ROWS)).await?;
        for Object { key, written_at } in objects {
            if since.is_some_and(|since| written_at < since) {
                continue;
            }
            // `audit-archive` has reported the lines that are no rows.
            let rows = rows_in(&key, &self.get(&key).await?)?;
            for (row, hash) in rows.into_iter().filter_map(|it| Some((it.row()?, it.hash))) {
                let place = row.place;
                let head = newest.get(&place.chain);
                if head.is_none_or(|head| head.place.seq < place.seq) {
                    newest.insert(place.chain.clone(), Head { place, hash });
                }
            }
        }
        Ok(newest.into_values().collect())
    }
}

/// Returns the key of the digest of an hour.
fn key_of(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{DIGESTS}{}Z.json", text.get(.."2026-01-31T12".len()).unwrap_or_default())
}
