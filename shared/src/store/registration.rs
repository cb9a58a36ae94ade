//! New accounts: account, password and unique names come into being in one transaction.

use secrecy::SecretString;

use super::accounts::{Accounts, Identifier, KIND};
use super::admins::AdminCount;
use super::credentials::credential;
use super::error::StoreError;
use super::keys::{in_gsi2, sort_key};
use crate::dynamo::{self, Expression, Item, Key, Outcome, Transaction};
use crate::model::email::Email;
use crate::model::field::FieldErrors;
use crate::model::id::Id;
use crate::model::id::UserId;
use crate::model::invitation::Invitation;
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User};
use crate::model::username::Username;

pub(super) const TAKEN: &str = "is already taken";

/// An account to be registered.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub username: Username,
    pub email: Email,
    /// As `auth::password` makes it.
    pub password_hash: SecretString,
    pub role: Role,
    /// Whether the account becomes `admin` if it is the very first one. For local use only.
    pub first_is_admin: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Id,
    Taken(&'static str),
    NotTheFirst,
    InvitationEnded,
}

impl Accounts<'_> {
    /// Makes an account. Calls: UpdateItem of the counter, TransactWriteItems; one TransactWriteItems more for every
    /// account except the first where the first becomes `admin`.
    pub async fn register(&self, new: NewUser, now: Timestamp) -> Result<User, StoreError> {
        let id: UserId = self.store.next_id(KIND).await?;
        let mut user = User::new(id, new.username, new.email, new.role, now);
        let password_hash = Some(&new.password_hash);
        if new.first_is_admin {
            user.role = Role::Admin;
            match self.put(&user, password_hash, AdminCount::First(id)).await? {
                Outcome::Refused(refusals) if refusals.contains(&Refusal::NotTheFirst) => {
                    user.role = new.role;
                }
                outcome => return registered(user, outcome),
            }
        }
        self.make(user, password_hash).await
    }

    /// Makes the account of an invitation that is still open, and uses the invitation up. Only a reader of that
    /// mailbox has its token, so the address is verified. Calls: UpdateItem of the counter, TransactWriteItems.
    pub async fn accept(
        &self,
        invitation: &Invitation,
        username: Username,
        password_hash: &SecretString,
        now: Timestamp,
    ) -> Result<User, StoreError> {
        let id: UserId = self.store.next_id(KIND).await?;
        let email = invitation.email.clone();
        let mut user = User::new(id, username, email, invitation.role, now);
        user.email_verified = true;
        // Another invitation of the same address has another token, and perhaps another role.
        let is_open = Expression::only("token_hash = :hash").text(":hash", &invitation.token_hash);
        let transaction = self
            .transaction(&user, Some(password_hash), AdminCount::of(&user))?
            .delete_if(Key::invitation(&invitation.id), is_open, Refusal::InvitationEnded);
        self.store.concerns_invitation(&invitation.id);
        registered(user, self.store.commit(transaction).await?)
    }

    /// Makes an account with an id that is new. Calls: TransactWriteItems.
    pub(super) async fn make(
        &self,
        user: User,
        password_hash: Option<&SecretString>,
    ) -> Result<User, StoreError> {
        let outcome = self.put(&user, password_hash, AdminCount::of(&user)).await?;
        registered(user, outcome)
    }

    async fn put(
        &self,
        user: &User,
        password_hash: Option<&SecretString>,
        admins: AdminCount,
    ) -> Result<Outcome<Refusal>, StoreError> {
        Ok(self.store.commit(self.transaction(user, password_hash, admins)?).await?)
    }

    /// Begins the transaction that makes an account.
    fn transaction(
        &self,
        user: &User,
        password_hash: Option<&SecretString>,
        admins: AdminCount,
    ) -> Result<Transaction<'_, Refusal>, StoreError> {
        let sort_key = sort_key(&[user.username.unique_form()], user.id.get());
        let mut item = dynamo::write(user, Key::user(Some(user.id)))?;
        item.extend(in_gsi2(KIND, sort_key, Key::user(Some(user.id))));
        let transaction = self.store.main.transaction();
        let mut transaction = transaction
            .put_new(item, Refusal::Id)
            .put_new(credential(user.id, password_hash)?, Refusal::Id);
        for (field, item) in claims(user)? {
            transaction = transaction.put_new(item, Refusal::Taken(field));
        }
        // The change of the count has a condition only if the account must be the first.
        if let Some(expression) = admins.expression() {
            transaction = transaction.update(Key::admins(), expression, Refusal::NotTheFirst);
        }
        Ok(transaction)
    }
}

fn registered(user: User, outcome: Outcome<Refusal>) -> Result<User, StoreError> {
    let refusals = match outcome {
        Outcome::Committed => return Ok(user),
        Outcome::Refused(refusals) => refusals,
    };
    if refusals.contains(&Refusal::InvitationEnded) {
        return Err(StoreError::TokenEnded);
    }
    if refusals.iter().any(|refusal| matches!(refusal, Refusal::Id | Refusal::NotTheFirst)) {
        return Err(StoreError::unexpected(format!("user {} exists already", user.id)));
    }
    let mut taken = FieldErrors::default();
    // A username and what it looks like may both be taken.
    for field in ["email", "username"] {
        if refusals.contains(&Refusal::Taken(field)) {
            taken.add(field, TAKEN);
        }
    }
    Err(StoreError::Conflict(taken))
}

/// Returns the items that keep an account's names for it, each with the field that it is about. No two have the same key.
pub(super) fn claims(user: &User) -> Result<Vec<(&'static str, Item)>, StoreError> {
    let (email, username) = (user.email.unique_form(), user.username.unique_form());
    let look_alike = user.username.look_alike().filter(|look_alike| *look_alike != email);
    let name = Identifier { user_id: user.id, look_alike: false };
    let mut claims = vec![("email", dynamo::write(&name, Key::identifier(&email))?)];
    if username != email {
        claims.push(("username", dynamo::write(&name, Key::identifier(&username))?));
    }
    if let Some(look_alike) = look_alike {
        let claim = Identifier { look_alike: true, ..name };
        claims.push(("username", dynamo::write(&claim, Key::identifier(&look_alike))?));
    }
    Ok(claims)
}
