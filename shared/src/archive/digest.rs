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

/// The clocks of S3 and of the functions may differ by this much.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// A digest, as its object has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The rows that were archived before this time are in this digest or in an earlier one.
    pub at: Timestamp,
    /// `None` for the first one.
    pub previous: Option<PreviousDigest>,
    /// The newest row of each chain that moved since the previous digest.
    pub heads: Vec<Head>,
}

/// The digest before another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousDigest {
    pub key: String,
    /// The SHA-256 of the object, in hexadecimal digits.
    pub sha256: String,
}

impl Archive {
    /// Puts the digest of this hour, and its signature if there is a signer. Returns the digest, or `None` if the hour has
    /// one already.
    pub async fn put_digest(
        &self,
        now: Timestamp,
        signer: Option<&Signer>,
    ) -> Result<Option<Digest>, ArchiveError> {
        let key = key_of(now);
        let (previous, since) = match self.last_digest(now).await? {
            Some((last, _, _)) if last == key => return Ok(None),
            Some((key, sha256, at)) => (Some(PreviousDigest { key, sha256 }), Some(at)),
            None => (None, None),
        };
        let heads = self.heads_since(since).await?;
        let digest = Digest { at: now, previous, heads };
        let content = serde_json::to_vec(&digest);
        let content = content.map_err(|_| ArchiveError::Json("a digest".to_owned()))?;
        let is_put = self.put_signed(&key, content, signer).await?;
        Ok(is_put.then_some(digest))
    }

    /// Puts a digest, and then its signature. Returns whether the digest's key was free.
    ///
    /// Only a content of this process is signed, never one that is in the bucket already: somebody else may have put it
    /// there. If the process ends between the two puts, the digest stays without a signature, and the next digest, which
    /// names its hash, confirms it.
    async fn put_signed(
        &self,
        key: &str,
        content: Vec<u8>,
        signer: Option<&Signer>,
    ) -> Result<bool, ArchiveError> {
        // Before the digest is put: if KMS fails, the function is called again and finds the hour without a digest.
        let signature = match signer {
            Some(signer) => Some(signer.sign(&content).await?),
            None => None,
        };
        // The SDK repeats a put whose answer was lost, and then finds the key taken by its own object.
        let is_put = self.put(key, content.clone()).await? || self.get(key).await? == content;
        if let Some(signature) = signature.filter(|_| is_put) {
            self.put(&format!("{key}{SIGNATURE}"), signature).await?;
        }
        Ok(is_put)
    }

    /// Returns key, hash and time of the last digest.
    ///
    /// A last digest of another time than its key says, or of a later time than now, is an error: somebody else put it
    /// there. Otherwise it could stop the digests until its hour without an alarm, or leave rows out of the next one.
    async fn last_digest(
        &self,
        now: Timestamp,
    ) -> Result<Option<(String, String, Timestamp)>, ArchiveError> {
        let recent = key_of(now.minus(STREAM_SPAN));
        let mut last = self.last_key_after(&recent).await?;
        if last.is_none() {
            last = self.last_key_after(DIGESTS).await?;
        }
        let Some(key) = last else { return Ok(None) };
        let content = self.get(&key).await?;
        let digest = serde_json::from_slice::<Digest>(&content);
        let digest = digest.map_err(|_| ArchiveError::Json(key.clone()))?;
        if digest.at > now || key_of(digest.at) != key {
            return Err(ArchiveError::Time(key));
        }
        Ok(Some((key, sha256(&content), digest.at)))
    }

    /// Returns the last key of a digest that sorts after this key.
    async fn last_key_after(&self, after: &str) -> Result<Option<String>, ArchiveError> {
        let mut keys = self.list(DIGESTS, after).await?.into_iter().map(|object| object.key);
        Ok(keys.rfind(|key| !key.ends_with(SIGNATURE)))
    }

    /// Returns the newest row of each chain in the objects that were written since this time; in all objects if `None`.
    async fn heads_since(&self, since: Option<Timestamp>) -> Result<Vec<Head>, ArchiveError> {
        let after = since.map(|since| keys_in_hour(since.minus(STREAM_SPAN)));
        let since = since.map(|since| since.minus(MARGIN));
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
