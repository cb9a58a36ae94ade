//! Sessions, stored beside their account: opened, refreshed, listed, ended.

use super::error::StoreError;
use super::keys::SESSION_PREFIX;
use super::load::Nothing;
use super::tables::Store;
use crate::access::{Granted, action};
use crate::dynamo::{self, AttributeValue, Changed, Expression, Item, Key, Outcome, Query};
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

/// How a rotation ended.
#[derive(Debug)]
pub enum Rotated {
    Done,
    /// Another request rotated it first, or it has ended: the session as it is now.
    Overtaken(Option<Box<Session>>),
}

impl Store {
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions { store: self }
    }
}

impl Sessions<'_> {
    /// Stores a new session under its random id. Calls: PutItem.
    pub async fn open(&self, session: &Session) -> Result<(), StoreError> {
        let item = dynamo::write(session, Key::session(session.user_id, &session.id))?;
        self.store.put_expiring(item, session.expires_at).await
    }

    /// Replaces the session's current refresh token by the next one, and prolongs the session until `expires_at`.
    /// Calls: UpdateItem.
    pub async fn rotate(
        &self,
        session: &Session,
        next: &RefreshState,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Rotated, StoreError> {
        const ROTATE: &str =
            "SET #refresh = :next, last_used_at = :now, expires_at = :expires_at, #ttl = :ttl";
        let rotate = Expression::update(ROTATE)
            .only_if("#refresh = :current")
            .value(":next", next)?
            .value(":current", &session.refresh)?
            .text(":now", now)
            .text(":expires_at", expires_at)
            .number(":ttl", expires_at.as_second());
        match self.store.main.change(Key::session(session.user_id, &session.id), rotate).await? {
            Changed::Done(_) => Ok(Rotated::Done),
            Changed::Refused(item) => {
                let current = item.map(dynamo::parse).transpose()?;
                Ok(Rotated::Overtaken(current.map(Box::new)))
            }
        }
    }

    /// Ends a session whose refresh token was used twice. Calls: DeleteItem.
    pub(crate) async fn end(&self, user: UserId, id: &SessionId) -> Result<(), StoreError> {
        Ok(self.store.main.delete(Key::session(user, id)).await?)
    }

    /// Ends the caller's session. Calls: DeleteItem.
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
        match self.store.main.transaction().delete_existing(key, ()).commit().await? {
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

impl Store {
    /// Puts an item that DynamoDB may remove once it has expired. Calls: PutItem.
    pub(super) async fn put_expiring(
        &self,
        mut item: Item,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let ttl = AttributeValue::N(expires_at.as_second().to_string());
        item.insert("ttl".to_owned(), ttl);
        Ok(self.main.put(item).await?)
    }
}
