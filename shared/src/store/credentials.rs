//! Password hashes: read to be verified, replaced, upgraded.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::accounts::next_epoch;
use super::error::StoreError;
use super::load::Nothing;
use super::tables::Store;
use super::throttles::{ThrottleKey, end_of_row};
use crate::access::{Granted, action};
use crate::dynamo::{self, Changed, Expression, Item, Key, Outcome, ReadPlan};
use crate::model::id::UserId;
use crate::model::user::User;

/// The name of the changed field in rows of the audit trail.
pub(super) const PASSWORD: &str = "password";

action! {
    /// Changes the caller's password.
    ChangeOwnPassword: Nothing
}

/// The passwords of all accounts.
#[derive(Debug)]
pub struct Credentials<'a> {
    store: &'a Store,
}

/// An account, as a login needs it.
#[derive(Debug)]
pub struct StoredCredential {
    pub user: User,
    /// `None` if no password has been set yet.
    pub password_hash: Option<SecretString>,
}

/// The item of a password hash. It is apart from the account, so that reads of accounts do not read it.
#[derive(Serialize, Deserialize)]
struct Credential {
    /// Empty if there is none yet.
    password_hash: String,
}

impl Store {
    pub fn credentials(&self) -> Credentials<'_> {
        Credentials { store: self }
    }
}

impl Credentials<'_> {
    /// Returns the account whose username or email has this form, and its password hash. The calls are the same whether
    /// it exists or not: GetItem of the identifier, BatchGetItem of account and credential.
    pub async fn named(&self, form: &str) -> Result<Option<StoredCredential>, StoreError> {
        let id = self.store.accounts().id_of(form).await?;
        let (user_key, credential_key) = (Key::user(id), Key::credential(id));
        let plan = ReadPlan::whole(vec![user_key.clone(), credential_key.clone()]);
        let mut items = self.store.main.batch_get(plan).await?;
        let user = items.take(&user_key).map(dynamo::parse).transpose()?;
        let credential = items.take(&credential_key).map(dynamo::parse).transpose()?;
        let password_hash = credential.and_then(hash_in);
        Ok(user.map(|user| StoredCredential { user, password_hash }))
    }

    /// Returns the hash of the caller's password. Calls: GetItem.
    pub async fn of_caller(
        &self,
        by: &Granted<ChangeOwnPassword>,
    ) -> Result<Option<SecretString>, StoreError> {
        let item = self.store.main.get(Key::credential(Some(by.caller().id()))).await?;
        let credential = item.map(dynamo::parse).transpose()?;
        Ok(credential.and_then(hash_in))
    }

    /// Stores the same password under a better hash, unless the password has changed meanwhile. Returns whether it is
    /// stored. Calls: UpdateItem.
    pub async fn upgrade(
        &self,
        id: UserId,
        old: &SecretString,
        new: &SecretString,
    ) -> Result<bool, StoreError> {
        let upgrade = Expression::update("SET password_hash = :new")
            .only_if("password_hash = :old")
            .text(":new", new.expose_secret())
            .text(":old", old.expose_secret());
        let changed = self.store.main.change(Key::credential(Some(id)), upgrade).await?;
        Ok(matches!(changed, Changed::Done(_)))
    }

    /// Sets the caller's password, ends every other session of the account, and clears the throttle that counted this
    /// attempt. Calls: TransactWriteItems.
    pub async fn set(
        &self,
        by: Granted<ChangeOwnPassword>,
        hash: &SecretString,
        throttle: &ThrottleKey,
    ) -> Result<(), StoreError> {
        let (caller, now) = (by.caller(), by.at());
        let user = caller.user();
        let keep = Expression::update("SET epoch = :next")
            .only_if("attribute_exists(pk)")
            .number(":next", user.epoch.saturating_add(1));
        let transaction = self
            .store
            .main
            .transaction()
            .update(Key::user(Some(user.id)), next_epoch(user.epoch, now), ())
            .update(Key::session(user.id, caller.session_id()), keep, ())
            .update(throttle.row(), end_of_row(Duration::ZERO, now), ())
            .put(credential(user.id, Some(hash))?);
        self.store.note_fields([PASSWORD]);
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::SessionEnded),
        }
    }
}

/// Returns the item of a password hash, or of an account without a password.
pub(super) fn credential(id: UserId, hash: Option<&SecretString>) -> Result<Item, StoreError> {
    let password_hash = hash.map(SecretString::expose_secret).unwrap_or_default().to_owned();
    let credential = Credential { password_hash };
    Ok(dynamo::write(&credential, Key::credential(Some(id)))?)
}

fn hash_in(credential: Credential) -> Option<SecretString> {
    Some(credential.password_hash).filter(|hash| !hash.is_empty()).map(SecretString::from)
}
