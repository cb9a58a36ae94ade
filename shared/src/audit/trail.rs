//! Writing rows: alone, or in the transaction of a change.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use super::chains::Chains;
use super::row::{Corrected, Facts, HASH, Head};
use crate::dynamo::{Changed, DynamoError, End, Expression, Outcome, Table, Transaction, string};
use crate::model::address::SourceAddress;
use crate::model::timestamp::Timestamp;
use crate::system::System;

/// The trail's table, and the chains of this process.
#[derive(Debug)]
pub struct Trail {
    table: Table,
    chains: Arc<Chains>,
    retention: Duration,
    digest_key: hmac::Key,
    system: System,
}

/// The length of a keyed digest, in bytes.
const DIGEST_LENGTH: usize = 12;

/// The cause of a failure, if somebody else wrote into the trail. The chain ends, so the same request may succeed later.
const TAKEN: &str = "another row is in the place of this one";

impl Trail {
    pub fn new(
        table: Table,
        retention: Duration,
        digest_key: &SecretString,
        system: System,
    ) -> Self {
        let digest_key = hmac::Key::new(hmac::HMAC_SHA256, digest_key.expose_secret().as_bytes());
        Self { table, chains: Arc::default(), retention, digest_key, system }
    }

    pub fn now(&self) -> Timestamp {
        self.system.now()
    }

    /// Returns the digest by which rows name the address of a client; `None` for an unknown address.
    pub fn digest_of(&self, address: SourceAddress) -> Option<String> {
        if address == SourceAddress::UNKNOWN { None } else { self.digest(&address.to_string()) }
    }

    /// Returns the digest by which rows name an address, or an id that is made from an address: equal texts have equal
    /// digests, and nobody without the key finds the address.
    pub(super) fn digest(&self, text: &str) -> Option<String> {
        let tag = hmac::sign(&self.digest_key, text.as_bytes());
        tag.as_ref().get(..DIGEST_LENGTH).map(|digest| URL_SAFE_NO_PAD.encode(digest))
    }

    /// Puts a row. If a reply is lost, the row is at its place at the next attempt. Calls: PutItem.
    pub async fn put(
        &self,
        facts: Facts,
        corrects: Option<Corrected>,
        at: Timestamp,
    ) -> Result<Option<Head>, DynamoError> {
        let mut held = self.chains.take(&self.system)?;
        let row = held.next_row(facts, corrects, at, self.retention)?;
        let (hash, is_free) = (row.head.hash, Expression::absent());
        match self.table.put_if(row.item, is_free).await? {
            Changed::Done(_) => Ok(held.written()),
            // This row, unless somebody else has put another one there. Older emulators return no item.
            Changed::Refused(item)
                if item.as_ref().is_none_or(|item| string(item, HASH) == Some(hash.as_str())) =>
            {
                Ok(held.written())
            }
            Changed::Refused(_) => Err(DynamoError::Unavailable(TAKEN.to_owned())),
        }
    }

    /// Commits a transaction together with its row: both are stored, or neither. Calls: TransactWriteItems.
    pub async fn commit<R: Copy>(
        &self,
        transaction: Transaction<'_, R>,
        facts: Facts,
    ) -> Result<(Outcome<R>, Option<Head>), DynamoError> {
        let mut held = self.chains.take(&self.system)?;
        let row = held.next_row(facts, None, self.now(), self.retention)?;
        // After an error nobody knows whether it was committed, or another row is in the place: the chain ends.
        match transaction.put_new_in(&self.table, row.item, TAKEN).end().await? {
            End::Outcome(Outcome::Committed) => Ok((Outcome::Committed, held.written())),
            End::Outcome(refused @ Outcome::Refused(_)) => {
                held.not_written();
                Ok((refused, None))
            }
            End::Cancelled(cause) => {
                held.not_written();
                Err(cause)
            }
        }
    }
}
