//! Sessions, stored beside their account: opened, refreshed, listed, ended.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::expression::Expression;
use super::item::Changed;
use super::key::{self, Item, Key, SESSION_PREFIX};
use super::transaction::Outcome;
use super::{Table, TableError};
use crate::model::id::UserId;
use crate::model::page::{Page, Paging};
use crate::model::session::{RefreshState, Session, SessionId};
use crate::model::timestamp::Timestamp;

/// How a rotation ended.
#[derive(Debug)]
pub enum Rotated {
    Done,
    /// Somebody else rotated it first, or it has ended: the session as it is now.
    Overtaken(Option<Box<Session>>),
}

impl Table {
    /// Opens a session under its random id. Calls: Put.
    pub async fn open_session(&self, session: &Session) -> Result<(), TableError> {
        let item = key::item(session, Key::session(session.user_id, &session.id))?;
        self.put_expiring(item, session.expires_at).await
    }

    /// Lets the next refresh token take the place of the one that `session` has, and the session live on
    /// until `expires_at`. Calls: Update.
    pub async fn rotate_session(
        &self,
        session: &Session,
        next: &RefreshState,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Rotated, TableError> {
        const ROTATE: &str =
            "SET #refresh = :next, last_used_at = :now, expires_at = :expires_at, #ttl = :ttl";
        let rotate = Expression::update(ROTATE)
            .only_if("#refresh = :current")
            .value(":next", next)?
            .value(":current", &session.refresh)?
            .time(":now", now)
            .time(":expires_at", expires_at)
            .number(":ttl", expires_at.as_second());
        match self.change(Key::session(session.user_id, &session.id), rotate).await? {
            Changed::Done(_) => Ok(Rotated::Done),
            Changed::Refused(item) => {
                let standing = item.map(session_in).transpose()?;
                Ok(Rotated::Overtaken(standing.map(Box::new)))
            }
        }
    }

    /// Ends a session, if it has not ended. Calls: Delete.
    pub async fn end_session(&self, user: UserId, id: &SessionId) -> Result<(), TableError> {
        self.delete_item(Key::session(user, id)).await
    }

    /// Ends a session; whether there was one. A transaction, because one whose reply was lost still tells
    /// what it did. Calls: W.
    pub async fn revoke_session(&self, user: UserId, id: &SessionId) -> Result<bool, TableError> {
        let transaction = self.transaction().delete_existing(Key::session(user, id), ());
        Ok(transaction.commit().await? == Outcome::Committed)
    }

    /// A page of an account's sessions, those that have expired among them. The position is a session's
    /// id. Calls: Query.
    pub async fn sessions(
        &self,
        user: UserId,
        paging: Paging<SessionId>,
    ) -> Result<Page<Session, SessionId>, TableError> {
        let start = paging.after.map(|id| Key::session(user, &id).into());
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :user AND begins_with(sk, :sessions)")
            .expression_attribute_values(":user", AttributeValue::S(Key::user(Some(user)).pk))
            .expression_attribute_values(":sessions", AttributeValue::S(SESSION_PREFIX.to_owned()))
            .consistent_read(true)
            .limit(paging.limit)
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let found = answer.items.unwrap_or_default().into_iter().map(session_in);
        Ok(Page {
            results: found.collect::<Result<_, _>>()?,
            next: key::position(answer.last_evaluated_key, |last| {
                key::text(last, "sk")?.strip_prefix(SESSION_PREFIX)?.parse().ok()
            })?,
        })
    }

    /// Puts an item that DynamoDB may remove once it has expired. Calls: Put.
    pub(super) async fn put_expiring(
        &self,
        mut item: Item,
        expires_at: Timestamp,
    ) -> Result<(), TableError> {
        let ttl = AttributeValue::N(expires_at.as_second().to_string());
        item.insert("ttl".to_owned(), ttl);
        self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await?;
        Ok(())
    }
}

fn session_in(item: Item) -> Result<Session, TableError> {
    from_item(item).map_err(TableError::unreadable)
}
