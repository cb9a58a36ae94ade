//! Accounts come into being, registered or imported: with their password and their unique names in one transaction.

use secrecy::SecretString;

use super::admins::Admins;
use super::credentials::credential;
use super::key::{self, Key, sort_key};
use super::transaction::Outcome;
use super::users::{Identifier, KIND};
use super::{Table, TableError};
use crate::model::email::Email;
use crate::model::field::FieldErrors;
use crate::model::id::{Id, UserId};
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User};
use crate::model::username::Username;

const TAKEN: &str = "is already taken";

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub username: Username,
    pub email: Email,
    /// As `auth::password` makes it.
    pub password_hash: SecretString,
    pub role: Role,
    /// Whether the account becomes `admin` if it is the very first one: for local use alone.
    pub first_is_admin: bool,
}

#[derive(Debug)]
pub enum Registered {
    Done(User),
    /// Other accounts have these names.
    Taken(FieldErrors),
}

/// An account that comes from elsewhere.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    pub username: Username,
    pub email: Email,
    /// As `auth::password` can verify it; without one the account gets its password by a reset.
    pub password_hash: Option<SecretString>,
    pub role: Role,
    pub active: bool,
    pub created_at: Timestamp,
}

#[derive(Debug)]
pub enum Imported {
    Done(User),
    /// One account has both names: an earlier import made it.
    Already,
    /// Other accounts have these names.
    Taken(FieldErrors),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Id,
    Taken(&'static str),
    NotTheFirst,
}

impl Table {
    /// Calls: counter, W; one more W for every account but the first where the first is admin.
    pub async fn register(&self, new: NewUser, now: Timestamp) -> Result<Registered, TableError> {
        let id: UserId = self.next_id(KIND).await?;
        let mut user = User::new(id, new.username, new.email, new.role, now);
        let password_hash = Some(&new.password_hash);
        if new.first_is_admin {
            user.role = Role::Admin;
            match self.put_user(&user, password_hash, Admins::One).await? {
                Outcome::Refused(refusals) if refusals.contains(&Refusal::NotTheFirst) => {
                    user.role = new.role;
                }
                outcome => return registered(user, outcome),
            }
        }
        let outcome = self.put_user(&user, password_hash, Admins::of(&user)).await?;
        registered(user, outcome)
    }

    /// Safe to repeat. Calls: Get, Get, counter, W; for an account that is there already the first two.
    pub async fn import_user(
        &self,
        new: ImportedUser,
        now: Timestamp,
    ) -> Result<Imported, TableError> {
        let (username, email) = (new.username.folded(), new.email.folded());
        if let Some(user) = self.user_named(&username).await? {
            if user.username.folded() == username && user.email.folded() == email {
                return Ok(Imported::Already);
            }
            return Ok(Imported::Taken(FieldErrors::one("username", TAKEN)));
        }
        let id = self.next_id(KIND).await?;
        let user = User {
            active: new.active,
            created_at: new.created_at,
            ..User::new(id, new.username, new.email, new.role, now)
        };
        let outcome = self.put_user(&user, new.password_hash.as_ref(), Admins::of(&user)).await?;
        Ok(match registered(user, outcome)? {
            Registered::Done(user) => Imported::Done(user),
            Registered::Taken(errors) => Imported::Taken(errors),
        })
    }

    async fn put_user(
        &self,
        user: &User,
        password_hash: Option<&SecretString>,
        admins: Admins,
    ) -> Result<Outcome<Refusal>, TableError> {
        let sort_key = sort_key(&[user.username.folded()], user.id.get());
        let mut item = key::item(user, Key::user(Some(user.id)))?;
        item.extend(key::in_gsi2(KIND, sort_key, Key::user(Some(user.id))));
        let identifier = Identifier { user_id: user.id };

        let (username, email) = (user.username.folded(), user.email.folded());
        let mut transaction = self
            .transaction()
            .put_new(item, Refusal::Id)
            .put_new(credential(user.id, password_hash)?, Refusal::Id)
            .put_new(key::item(&identifier, Key::identifier(&email))?, Refusal::Taken("email"));
        if username != email {
            let item = key::item(&identifier, Key::identifier(&username))?;
            transaction = transaction.put_new(item, Refusal::Taken("username"));
        }
        // What a new account does to the count has a condition only if it is to be the first.
        if let Some(expression) = admins.expression() {
            transaction = transaction.update(Key::admins(), expression, Refusal::NotTheFirst);
        }
        transaction.commit().await
    }
}

fn registered(user: User, outcome: Outcome<Refusal>) -> Result<Registered, TableError> {
    let refusals = match outcome {
        Outcome::Committed => return Ok(Registered::Done(user)),
        Outcome::Refused(refusals) => refusals,
    };
    let mut taken = FieldErrors::default();
    for refusal in refusals {
        match refusal {
            Refusal::Taken(field) => taken.add(field, TAKEN),
            Refusal::Id | Refusal::NotTheFirst => {
                return Err(TableError::Unexpected(format!("user {} exists already", user.id)));
            }
        }
    }
    Ok(Registered::Taken(taken))
}
