//! Password hashes: read to be verified, replaced, and reset by a token that was mailed.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::attempts::{Tried, end_of_row};
use super::batch::Wanted;
use super::expression::Expression;
use super::key::{self, Key};
use super::transaction::Outcome;
use super::users::{next_epoch, user_in};
use super::{Table, TableError};
use crate::model::id::UserId;
use crate::model::session::SessionId;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;

/// What a login needs to know of an account.
#[derive(Debug)]
pub struct Credentials {
    pub user: User,
    /// `None` if no password has been set yet.
    pub password_hash: Option<SecretString>,
}

/// Where a password hash is kept, apart from the account, so that nothing that reads accounts reads it.
#[derive(Serialize, Deserialize)]
struct Credential {
    /// Empty if there is none yet.
    password_hash: String,
}

/// A reset that was asked for, under the hash of its token.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reset {
    /// `None` if the address asked for was nobody's: stored all the same, so that asking for somebody
    /// and for nobody takes the same calls.
    pub user_id: Option<UserId>,
    /// The account's, so that whatever ends its sessions ends its open resets, too.
    pub epoch: u64,
    pub expires_at: Timestamp,
}

/// How a password was set, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordSet {
    Done,
    /// The session, or the reset, had ended by then.
    Ended,
}

impl Table {
    /// The account that bears a name, be it its username or its email, folded. The calls are the
    /// same whether there is one or not: Get identifier, BatchGet(user, credential).
    pub async fn credentials(&self, folded: &str) -> Result<Option<Credentials>, TableError> {
        let id = self.user_id(folded).await?;
        let (user_key, credential_key) = (Key::user(id), Key::credential(id));
        let wanted = Wanted::whole(vec![user_key.clone(), credential_key.clone()]);
        let mut items = self.items_at(wanted).await?;
        let user = items.take(&user_key).map(user_in).transpose()?;
        let credential = items.take(&credential_key).map(from_item).transpose();
        let password_hash = credential.map_err(TableError::unreadable)?.and_then(hash_in);
        Ok(user.map(|user| Credentials { user, password_hash }))
    }

    /// Calls: Get.
    pub async fn password_hash(&self, id: UserId) -> Result<Option<SecretString>, TableError> {
        let item = self.read_item(Key::credential(Some(id))).await?;
        let credential = item.map(from_item).transpose().map_err(TableError::unreadable)?;
        Ok(credential.and_then(hash_in))
    }

    /// Stores the same password under a better hash, unless it has changed meanwhile. Calls: Update.
    pub async fn upgrade_password_hash(
        &self,
        id: UserId,
        old: &SecretString,
        new: &SecretString,
    ) -> Result<(), TableError> {
        let upgrade = Expression::update("SET password_hash = :new")
            .only_if("password_hash = :old")
            .text(":new", new.expose_secret())
            .text(":old", old.expose_secret());
        self.change(Key::credential(Some(id)), upgrade).await.map(drop)
    }

    /// Sets a password, ends every session of the account but one, and the row of tries that this was one
    /// of. `user` is the account as the session's request found it. Calls: W.
    pub async fn set_password(
        &self,
        user: &User,
        session: &SessionId,
        hash: &SecretString,
        tried: &Tried,
        now: Timestamp,
    ) -> Result<PasswordSet, TableError> {
        let keep = Expression::update("SET epoch = :next")
            .only_if("attribute_exists(pk)")
            .number(":next", user.epoch.saturating_add(1));
        let outcome = self
            .transaction()
            .update(Key::user(Some(user.id)), next_epoch(user.epoch, now), ())
            .update(Key::session(user.id, session), keep, ())
            .update(tried.row(), end_of_row(Duration::ZERO, now), ())
            .put(credential(user.id, Some(hash))?)
            .commit()
            .await?;
        Ok(password_set(outcome))
    }

    /// Keeps a reset under the hash of its token. Calls: Put.
    pub async fn open_reset(&self, token_hash: &str, reset: &Reset) -> Result<(), TableError> {
        let item = key::item(reset, Key::reset(token_hash))?;
        self.put_expiring(item, reset.expires_at).await
    }

    /// The reset of this token, if it has not expired. Calls: Get.
    pub async fn reset(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Reset>, TableError> {
        let item = self.read_item(Key::reset(token_hash)).await?;
        let reset: Option<Reset> =
            item.map(from_item).transpose().map_err(TableError::unreadable)?;
        Ok(reset.filter(|reset| now < reset.expires_at))
    }

    /// Spends a reset: sets the password and ends every session of the account. Calls: W.
    pub async fn spend_reset(
        &self,
        token_hash: &str,
        user: &User,
        hash: &SecretString,
        now: Timestamp,
    ) -> Result<PasswordSet, TableError> {
        let outcome = self
            .transaction()
            .delete_existing(Key::reset(token_hash), ())
            .update(Key::user(Some(user.id)), next_epoch(user.epoch, now), ())
            .put(credential(user.id, Some(hash))?)
            .commit()
            .await?;
        Ok(password_set(outcome))
    }
}

/// The item that holds a password's hash, or that there is no password yet.
pub(super) fn credential(id: UserId, hash: Option<&SecretString>) -> Result<key::Item, TableError> {
    let password_hash = hash.map(SecretString::expose_secret).unwrap_or_default().to_owned();
    let credential = Credential { password_hash };
    key::item(&credential, Key::credential(Some(id)))
}

fn hash_in(credential: Credential) -> Option<SecretString> {
    Some(credential.password_hash).filter(|hash| !hash.is_empty()).map(SecretString::from)
}

fn password_set(outcome: Outcome<()>) -> PasswordSet {
    match outcome {
        Outcome::Committed => PasswordSet::Done,
        Outcome::Refused(_) => PasswordSet::Ended,
    }
}
