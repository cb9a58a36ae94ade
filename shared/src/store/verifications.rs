//! Verifications of addresses: opened when a link is mailed, used once by its token.

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::expiring::Expires;
use super::tables::Store;
use crate::dynamo::{Expression, Key, Outcome};
use crate::model::email::Email;
use crate::model::id::UserId;
use crate::model::timestamp::Timestamp;

/// The name of the changed field in rows of the audit trail.
pub(super) const EMAIL_VERIFIED: &str = "email_verified";

/// All open verifications.
#[derive(Debug)]
pub struct Verifications<'a> {
    store: &'a Store,
}

/// A verification, stored under the hash of its token.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verification {
    pub user_id: UserId,
    /// The address that the token was mailed to. Another address of the account is not verified by it.
    pub email: Email,
    pub expires_at: Timestamp,
}

impl Expires for Verification {
    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl Store {
    pub fn verifications(&self) -> Verifications<'_> {
        Verifications { store: self }
    }
}

impl Verifications<'_> {
    /// Stores a verification under the hash of its token. Calls: PutItem.
    pub async fn open(
        &self,
        token_hash: &str,
        verification: &Verification,
    ) -> Result<(), StoreError> {
        self.store.put_expiring(verification, Key::verification(token_hash)).await
    }

    /// Uses the verification of a token: the address of its account is verified. Calls: GetItem, TransactWriteItems.
    pub async fn complete(&self, token_hash: &str, now: Timestamp) -> Result<(), StoreError> {
        let key = Key::verification(token_hash);
        let found: Option<Verification> = self.store.unexpired(key.clone(), now).await?;
        let Verification { user_id, email, .. } = found.ok_or(StoreError::TokenEnded)?;
        let verify =
            Expression::update("SET email_verified = :yes, updated_at = :now ADD version :one")
                .only_if("email = :email AND active = :yes")
                .boolean(":yes", true)
                .text(":now", now)
                .number(":one", 1)
                .text(":email", email.as_str());
        let transaction = self.store.main.transaction();
        let transaction =
            transaction.delete_existing(key, ()).update(Key::user(Some(user_id)), verify, ());
        self.store.note_fields([EMAIL_VERIFIED]);
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::TokenEnded),
        }
    }
}
