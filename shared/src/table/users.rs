//! Accounts: registered with their unique names in one transaction, and found again by either name.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::key::{self, Key, sort_key};
use super::transaction::Outcome;
use super::{Table, TableError};
use crate::model::email::Email;
use crate::model::field::FieldErrors;
use crate::model::id::{Id, UserId};
use crate::model::session::{Session, SessionId};
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User};
use crate::model::username::Username;

/// More bytes than any username or email has when it is folded.
const MAX_IDENTIFIER: usize = 1024;

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub username: Username,
    pub email: Email,
    /// A PHC string.
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

/// What a login needs to know of an account.
#[derive(Debug)]
pub struct Credentials {
    pub user: User,
    /// A PHC string.
    pub password_hash: SecretString,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Id,
    Taken(&'static str),
    NotTheFirst,
}

#[derive(Serialize, Deserialize)]
struct Credential {
    password_hash: String,
}

#[derive(Serialize, Deserialize)]
struct Identifier {
    user_id: UserId,
}

#[derive(Serialize)]
struct Admins {
    active: u64,
}

impl Table {
    /// Calls: counter, W; one more W for every account but the first where the first is admin.
    pub async fn register(&self, new: NewUser, now: Timestamp) -> Result<Registered, TableError> {
        let id: UserId = self.next_id("user").await?;
        let mut user = User {
            id,
            username: new.username,
            email: new.email,
            role: new.role,
            active: true,
            epoch: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        if new.first_is_admin {
            user.role = Role::Admin;
            match self.put_user(&user, &new.password_hash, true).await? {
                Outcome::Refused(refusals) if refusals.contains(&Refusal::NotTheFirst) => {
                    user.role = new.role;
                }
                outcome => return registered(user, outcome),
            }
        }
        let outcome = self.put_user(&user, &new.password_hash, false).await?;
        registered(user, outcome)
    }

    async fn put_user(
        &self,
        user: &User,
        password_hash: &SecretString,
        is_first_admin: bool,
    ) -> Result<Outcome<Refusal>, TableError> {
        let sort_key = sort_key(&[user.username.folded()], user.id.get());
        let mut item = key::item(user, Key::user(Some(user.id)))?;
        item.extend(key::in_gsi2("user", sort_key, Key::user(Some(user.id))));
        let credential = Credential { password_hash: password_hash.expose_secret().to_owned() };
        let identifier = Identifier { user_id: user.id };

        let (username, email) = (user.username.folded(), user.email.folded());
        let mut transaction = self
            .transaction()
            .put_new(item, Refusal::Id)
            .put_new(key::item(&credential, Key::credential(Some(user.id)))?, Refusal::Id)
            .put_new(key::item(&identifier, Key::identifier(&email))?, Refusal::Taken("email"));
        if username != email {
            let item = key::item(&identifier, Key::identifier(&username))?;
            transaction = transaction.put_new(item, Refusal::Taken("username"));
        }
        if is_first_admin {
            let item = key::item(&Admins { active: 1 }, Key::admins())?;
            transaction = transaction.put_new(item, Refusal::NotTheFirst);
        }
        transaction.commit().await
    }

    /// The account that bears a name, be it its username or its email, folded. The calls are the
    /// same whether there is one or not: Get identifier, BatchGet(user, credential).
    pub async fn credentials(&self, folded: &str) -> Result<Option<Credentials>, TableError> {
        // Nobody has a longer name, and it would not fit into a key.
        let folded = if folded.len() <= MAX_IDENTIFIER { folded } else { "" };
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(Key::identifier(folded).into()))
            .consistent_read(true)
            .send()
            .await?;
        let identifier: Option<Identifier> =
            answer.item.map(from_item).transpose().map_err(TableError::unreadable)?;
        let id = identifier.map(|identifier| identifier.user_id);

        let user_key = Key::user(id);
        let (mut user, mut credential) = (None, None);
        for item in self.batch_get([user_key.clone(), Key::credential(id)], &[]).await? {
            if key::text(&item, "pk") == Some(&user_key.pk) {
                user = Some(from_item::<User>(item).map_err(TableError::unreadable)?);
            } else {
                credential = Some(from_item::<Credential>(item).map_err(TableError::unreadable)?);
            }
        }
        Ok(user.zip(credential).map(|(user, credential)| Credentials {
            user,
            password_hash: credential.password_hash.into(),
        }))
    }

    /// The account and the session that an access token speaks of, as they are now. Calls: A.
    pub async fn user_and_session(
        &self,
        user_id: UserId,
        session_id: &SessionId,
    ) -> Result<Option<(User, Session)>, TableError> {
        let user_key = Key::user(Some(user_id));
        let (mut user, mut session) = (None, None);
        for item in
            self.batch_get([user_key.clone(), Key::session(user_id, session_id)], &[]).await?
        {
            if key::text(&item, "sk") == Some(&user_key.sk) {
                user = Some(from_item(item).map_err(TableError::unreadable)?);
            } else {
                session = Some(from_item(item).map_err(TableError::unreadable)?);
            }
        }
        Ok(user.zip(session))
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
            Refusal::Taken(field) => taken.add(field, "is already taken"),
            Refusal::Id | Refusal::NotTheFirst => {
                return Err(TableError::Unexpected(format!("user {} exists already", user.id)));
            }
        }
    }
    Ok(Registered::Taken(taken))
}
