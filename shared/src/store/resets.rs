//! Password resets: opened for an address, used once by a mailed token.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::accounts::verified_in_next_epoch;
use super::credentials::{PASSWORD, credential};
use super::error::StoreError;
use super::expiring::Expires;
use super::tables::Store;
use super::verifications::EMAIL_VERIFIED;
use crate::dynamo::{Key, Outcome};
use crate::model::email::Email;
use crate::model::id::UserId;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;

/// All open resets.
#[derive(Debug)]
pub struct Resets<'a> {
    store: &'a Store,
}

/// A reset, stored under the hash of its token.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reset {
    /// `None` if no account has the address. Such a reset is stored, too, so that a known and an unknown address take
    /// the same calls.
    pub user_id: Option<UserId>,
    /// The address that the token was mailed to, if an account has it. It must still be the account's.
    #[serde(default)]
    pub email: Option<Email>,
    /// The account's epoch, so that what ends its sessions ends its open resets, too.
    pub epoch: u64,
    pub expires_at: Timestamp,
}

impl Expires for Reset {
    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl Store {
    pub fn resets(&self) -> Resets<'_> {
        Resets { store: self }
    }
}

impl Resets<'_> {
    /// Stores a reset under the hash of its token. Calls: PutItem.
    pub async fn open(&self, token_hash: &str, reset: &Reset) -> Result<(), StoreError> {
        self.store.put_expiring(reset, Key::reset(token_hash)).await
    }

    /// Returns the reset of a token, unless it has expired. Calls: GetItem.
    pub async fn find(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Reset>, StoreError> {
        self.store.unexpired(Key::reset(token_hash), now).await
    }

    /// Uses a reset: sets the password, ends every session of the account, and verifies its address, to which the token
    /// was mailed. Calls: TransactWriteItems.
    pub async fn complete(
        &self,
        token_hash: &str,
        user: &User,
        hash: &SecretString,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self
            .store
            .main
            .transaction()
            .delete_existing(Key::reset(token_hash), ())
            .update(Key::user(Some(user.id)), verified_in_next_epoch(user, now), ())
            .put(credential(user.id, Some(hash))?);
        let verified = (!user.email_verified).then_some(EMAIL_VERIFIED);
        self.store.note_fields([PASSWORD].into_iter().chain(verified));
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::TokenEnded),
        }
    }
}
