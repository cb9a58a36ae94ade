//! The operator's changes of accounts, with the operator's own AWS credentials and without a caller.
//!
//! The feature `operator` is for those commands only: no function is built with it.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::accounts::KIND;
use super::error::StoreError;
use super::registration::TAKEN;
use super::tables::Store;
use crate::audit::{Entry, Facts, Subjects, Trail, Witness};
use crate::dynamo::backoff;
use crate::model::email::Email;
use crate::model::field::FieldErrors;
use crate::model::id::UserId;
use crate::model::precondition::Preconditions;
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User, UserChange};
use crate::model::username::Username;
use crate::system::System;

/// How often a change that lost a race is tried.
const ATTEMPTS: u32 = 10;

/// The operator's access to the accounts.
#[derive(Debug)]
pub struct Operator<'a> {
    pub(super) store: &'a Store,
}

/// How [`Operator::make_admin`] ended.
#[derive(Debug)]
pub enum MadeAdmin {
    Done(User),
    /// It was an active administrator before.
    Already(User),
    /// No such account exists.
    Unknown,
}

/// An account that comes from another system.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    pub username: Username,
    pub email: Email,
    /// As `auth::password` can verify it; an account without one gets its password by a reset.
    pub password_hash: Option<SecretString>,
    pub role: Role,
    pub active: bool,
    /// Whether the other system knows that the owner has proved to read mail to the address.
    pub email_verified: bool,
    pub created_at: Timestamp,
}

/// How [`Operator::import_user`] ended.
#[derive(Debug)]
pub enum Imported {
    Done(User),
    /// An earlier import made an account with both names.
    Already,
    /// An account with both names exists that no import made. Its password is its owner's, who may be a stranger.
    Registered,
    /// Other accounts have these names.
    Taken(FieldErrors),
}

impl Store {
    pub fn operator(&self) -> Operator<'_> {
        Operator { store: self }
    }

    /// Returns the store whose changes the audit trail records under the name of an operator's command, such as
    /// `ops admin add`. The rows stay in the table for as long as `retention`.
    #[must_use]
    pub fn recorded_as(&self, command: &'static str, retention: Duration) -> Self {
        let system = System::new(Arc::new(Timestamp::system));
        // A command has no client whose address the rows could name.
        let trail = Trail::new(self.audit.clone(), retention, &SecretString::from(""), system);
        let facts = Facts { operation: command.into(), ..Facts::default() };
        self.recorded_by(Entry::new(Arc::new(trail), Witness::default(), facts))
    }
}

impl Operator<'_> {
    /// Puts a row of the audit trail about these: for a command that shows them, or that changes data without a
    /// transaction of [`Store`]. Calls: PutItem; none if nothing is recorded.
    pub async fn record(&self, subjects: Subjects) -> Result<(), StoreError> {
        let operation = self.store.entry.facts().operation;
        Ok(self.store.entry.put_beside(operation, subjects).await?)
    }

    /// Makes the account whose username or email has this form an active administrator. Calls: GetItem twice; then those of
    /// [`Self::change_account`].
    pub async fn make_admin(&self, form: &str, now: Timestamp) -> Result<MadeAdmin, StoreError> {
        let change =
            UserChange { role: Some(Role::Admin), active: Some(true), ..UserChange::default() };
        match self.store.accounts().named(form).await? {
            Some(user) if user.is_active_admin() => Ok(MadeAdmin::Already(user)),
            _ => {
                let changed = self.change_account(form, change, now).await?;
                Ok(changed.map_or(MadeAdmin::Unknown, MadeAdmin::Done))
            }
        }
    }

    /// Changes role and activity of the account whose username or email has this form, and returns it; `None` if it does
    /// not exist. Calls: GetItem twice; TransactWriteItems if something changes.
    pub async fn change_account(
        &self,
        form: &str,
        change: UserChange,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let accounts = self.store.accounts();
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            let Some(user) = accounts.named(form).await? else { return Ok(None) };
            match accounts.change(user, change, &Preconditions::NONE, now).await {
                Err(StoreError::Contended) => {}
                outcome => return outcome.map(Some),
            }
        }
        Err(StoreError::Contended)
    }

    /// Makes an account; safe to repeat, because the account remembers that it was imported. Calls: GetItem twice; for an account that does not exist also UpdateItem of
    /// the counter and TransactWriteItems.
    pub async fn import_user(
        &self,
        new: ImportedUser,
        now: Timestamp,
    ) -> Result<Imported, StoreError> {
        let accounts = self.store.accounts();
        let (username, email) = (new.username.unique_form(), new.email.unique_form());
        if let Some(user) = accounts.named(&username).await? {
            if user.username.unique_form() == username && user.email.unique_form() == email {
                return Ok(if user.imported { Imported::Already } else { Imported::Registered });
            }
            return Ok(Imported::Taken(FieldErrors::one("username", TAKEN)));
        }
        let id = self.store.next_id(KIND).await?;
        let user = User {
            active: new.active,
            email_verified: new.email_verified,
            created_at: new.created_at,
            imported: true,
            ..User::new(id, new.username, new.email, new.role, now)
        };
        match accounts.make(user, new.password_hash.as_ref()).await {
            Ok(user) => Ok(Imported::Done(user)),
            Err(StoreError::Conflict(errors)) => Ok(Imported::Taken(errors)),
            Err(error) => Err(error),
        }
    }

    /// Ends all sessions of an account, and its open resets. Returns whether the account exists. Calls: TransactWriteItems.
    pub async fn end_sessions_of(&self, id: UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.store.accounts().raise_epoch(id, now).await
    }

    /// Returns the id of the latest account; not every earlier id has an account. Calls: GetItem.
    pub async fn last_user_id(&self) -> Result<Option<UserId>, StoreError> {
        self.store.last_id(KIND).await
    }
}
