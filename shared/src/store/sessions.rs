//! Sessions, stored beside their account: opened, refreshed, listed, ended.

use secrecy::{ExposeSecret, SecretString};

use super::error::StoreError;
use super::expiring::expiring;
use super::keys::SESSION_PREFIX;
use super::load::Nothing;
use super::tables::Store;
use crate::access::{Granted, action};
use crate::dynamo::{self, Changed, Expression, Key, Outcome, Query};
use crate::model::id::UserId;
use crate::model::page::{Page, Paging};
use crate::model::session::{RefreshState, Session, SessionId};
use crate::model::timestamp::Timestamp;

action! {
    /// Ends the caller's session, or all sessions of the caller's account.
    EndOwnSession: Nothing
}

action! {
    /// Lists the sessions of the caller's account.
    ListOwnSessions: Nothing
}

action! {
    /// Ends one session of the caller's account.
    RevokeOwnSession: Nothing
}

/// All sessions.
#[derive(Debug)]
pub struct Sessions<'a> {
    store: &'a Store,
}

/// How an exchange of a refresh token ended.
#[derive(Debug)]
pub enum Exchanged {
    Done,
    /// Another request changed the session first, or it has ended: the session as it is now.
    Overtaken(Option<Box<Session>>),
}

impl Store {
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions { store: self }
    }
}

impl Sessions<'_> {
    /// Stores a new session under its random id, and ends the sessions in `surplus`. The account must be active and of
    /// the session's epoch, and its password must be the verified one: otherwise a login that read the old password and
    /// the new epoch would outlive a change of the password. Calls: TransactWriteItems.
    pub(crate) async fn open(
        &self,
        session: &Session,
        verified_hash: &SecretString,
        surplus: &[SessionId],
    ) -> Result<(), StoreError> {
        let user = session.user_id;
        let is_open = Expression::only("epoch = :epoch AND active = :yes")
            .number(":epoch", session.epoch)
            .boolean(":yes", true);
        let is_verified = Expression::only("password_hash = :verified")
            .text(":verified", verified_hash.expose_secret());
        let item = dynamo::write(session, Key::session(user, &session.id))?;
        let transaction = self.store.main.transaction();
        let mut transaction = transaction
            .require(Key::user(Some(user)), is_open, ())
            .require(Key::credential(Some(user)), is_verified, ())
            .put(expiring(item, session.expires_at));
        for id in surplus {
            transaction = transaction.delete(Key::session(user, id));
        }
        self.store.acts_for(user, &session.id);
        match self.store.commit(transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::Contended),
        }
    }

    /// Returns all stored sessions of an account, also those that have ended. Calls: Query, one for each page.
    pub(crate) async fn of_account(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let partition = Key::user(Some(user)).pk;
        let (mut sessions, mut after) = (Vec::new(), None);
        loop {
            let query = Query::partition(&partition).beginning_with(SESSION_PREFIX).after(after);
            let rows = self.store.main.query(query).await?;
            after = rows.next(|last| Some(last.clone()))?;
            for item in rows.items {
                sessions.push(dynamo::parse(item)?);
            }
            if after.is_none() {
                return Ok(sessions);
            }
        }
    }

    /// Replaces the session's current refresh token by the next one, and prolongs the session until `expires_at`.
    /// Calls: UpdateItem; BatchGetItem if the session has ended in between.
    pub async fn rotate(
        &self,
        session: &Session,
        next: &RefreshState,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Exchanged, StoreError> {
        const ROTATE: &str =
            "SET #refresh = :next, last_used_at = :now, expires_at = :expires_at, #ttl = :ttl";
        let rotate = Expression::update(ROTATE)
            .only_if("#refresh = :current")
            .value(":next", next)?
            .value(":current", &session.refresh)?
            .text(":now", now)
            .text(":expires_at", expires_at)
            .number(":ttl", expires_at.as_second());
        self.exchange(session, rotate).await
    }

    /// Notes that the session's spent refresh token is exchanged again. Calls: as for [`Sessions::rotate`].
    pub async fn note_repeat(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<Exchanged, StoreError> {
        let note = Expression::update("SET repeated_at = :now")
            .value(":current", &session.refresh)?
            .text(":now", now);
        let note = match session.repeated_at {
            Some(before) => note
                .only_if("#refresh = :current AND repeated_at = :before")
                .text(":before", before),
            None => note.only_if("#refresh = :current AND attribute_not_exists(repeated_at)"),
        };
        self.exchange(session, note).await
    }

    async fn exchange(
        &self,
        session: &Session,
        change: Expression,
    ) -> Result<Exchanged, StoreError> {
        let key = Key::session(session.user_id, &session.id);
        match self.store.main.change(key.clone(), change).await? {
            Changed::Done(_) => Ok(Exchanged::Done),
            Changed::Refused(item) => {
                // The session has ended, or an older emulator returns no item.
                let item = match item {
                    Some(item) => Some(item),
                    None => self.store.accounts().read_items(vec![key.clone()]).await?.take(&key),
                };
                let current = item.map(dynamo::parse).transpose()?;
                Ok(Exchanged::Overtaken(current.map(Box::new)))
            }
        }
    }

    /// Ends the session of a refresh token: its owner logs out with it, or it was stolen. Calls: TransactWriteItems.
    pub(crate) async fn end(&self, user: UserId, id: &SessionId) -> Result<(), StoreError> {
        let transaction = self.store.main.transaction::<()>();
        self.store.commit(transaction.delete(Key::session(user, id))).await?;
        Ok(())
    }

    /// Ends all sessions of an account, and its open resets. Calls: TransactWriteItems.
    pub(crate) async fn end_all(&self, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        let exists = self.store.accounts().raise_epoch(user, now).await?;
        if exists { Ok(()) } else { Err(StoreError::missing("the account")) }
    }

    /// Ends the caller's session. Calls: TransactWriteItems.
    pub async fn end_own(&self, by: Granted<EndOwnSession>) -> Result<(), StoreError> {
        let caller = by.caller();
        self.end(caller.id(), caller.session_id()).await
    }

    /// Ends one session of the caller's account. A transaction, because it still reports correctly what it did when
    /// its reply was lost. Calls: TransactWriteItems.
    pub async fn revoke(
        &self,
        by: Granted<RevokeOwnSession>,
        id: &SessionId,
    ) -> Result<(), StoreError> {
        let key = Key::session(by.caller().id(), id);
        let transaction = self.store.main.transaction().delete_existing(key, ());
        // The client may have made the id up: it must not get into the row of the refusal.
        match self.store.commit_of(id, transaction).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(StoreError::not_found("session of yours with this id")),
        }
    }

    /// Returns a page of the sessions of the caller's account, expired ones included. The position is a session's id.
    /// Calls: Query.
    pub async fn list(
        &self,
        by: &Granted<ListOwnSessions>,
        paging: Paging<SessionId>,
    ) -> Result<Page<Session, SessionId>, StoreError> {
        let user = by.caller().id();
        let partition = Key::user(Some(user)).pk;
        let query = Query::partition(&partition)
            .beginning_with(SESSION_PREFIX)
            .limit(paging.limit)
            .after(paging.after.map(|id| Key::session(user, &id).into()));
        let rows = self.store.main.query(query).await?;
        let next = rows
            .next(|last| dynamo::string(last, "sk")?.strip_prefix(SESSION_PREFIX)?.parse().ok())?;
        let results = rows.items.into_iter().map(dynamo::parse).collect::<Result<_, _>>()?;
        Ok(Page { results, next })
    }
}
