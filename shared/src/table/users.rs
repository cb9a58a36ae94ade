//! Accounts: read by id or by name, listed, changed. How they come into being is `registration`'s.

use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::admins::Admins;
use super::backoff::backoff;
use super::batch::{Items, Wanted};
use super::expression::Expression;
use super::item::Changed;
use super::key::{self, Item, Key};
use super::lookup::Lookup;
use super::transaction::Outcome;
use super::{Table, TableError};
use crate::model::id::UserId;
use crate::model::page::{Page, Paging};
use crate::model::session::{Session, SessionId};
use crate::model::timestamp::Timestamp;
use crate::model::user::{Account, User, UserChange};
use crate::model::version::IfMatch;

pub(super) const KIND: &str = "user";

/// How often a change that found another one in its way reads and tries again.
const UPDATE_ATTEMPTS: u32 = 10;

/// All that an account and a session hold, for where not everything is read of what lies beside them.
#[rustfmt::skip]
const CALLER: &[&str] = &[
    "pk", "sk", "id", "version", "created_at", "epoch",
    "username", "email", "role", "active", "updated_at",
    "user_id", "last_used_at", "expires_at", "ends_at", "user_agent", "refresh",
];

#[derive(Debug)]
pub enum UserUpdated {
    Done(User),
    NotFound,
    /// `If-Match` names another version.
    VersionMismatch,
    /// Nobody could administer the accounts any more.
    LastAdmin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The account changed since it was read.
    Changed,
    LastAdmin,
}

/// What lies under each name of an account.
#[derive(Serialize, Deserialize)]
pub(super) struct Identifier {
    pub user_id: UserId,
}

impl Table {
    /// The account that bears a name, be it its username or its email, folded. Calls: Get.
    pub(super) async fn user_id(&self, folded: &str) -> Result<Option<UserId>, TableError> {
        // Nobody has a longer name, and it would not fit into a key.
        let folded = if folded.len() <= MAX_IDENTIFIER { folded } else { "" };
        let item = self.read_item(Key::identifier(folded)).await?;
        let identifier: Option<Identifier> =
            item.map(from_item).transpose().map_err(TableError::unreadable)?;
        Ok(identifier.map(|identifier| identifier.user_id))
    }

    /// The account that bears a name, as for [`Self::user_id`]. The calls are the same whether there is one
    /// or not: Get identifier, Get user.
    pub async fn user_named(&self, folded: &str) -> Result<Option<User>, TableError> {
        let id = self.user_id(folded).await?;
        self.read_item(Key::user(id)).await?.map(user_in).transpose()
    }

    /// Calls: Get.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, TableError> {
        self.read_item(Key::user(Some(id))).await?.map(user_in).transpose()
    }

    /// The account and the session that a token speaks of, as they are now. Calls: A.
    pub async fn user_and_session(
        &self,
        user_id: UserId,
        session_id: &SessionId,
    ) -> Result<Option<(User, Session)>, TableError> {
        let found = self.user_session_and(user_id, session_id, Wanted::default()).await?;
        Ok(found.map(|(user, session, _)| (user, session)))
    }

    /// The same, and what else is wanted. Calls: A.
    pub(crate) async fn user_session_and(
        &self,
        user_id: UserId,
        session_id: &SessionId,
        mut wanted: Wanted,
    ) -> Result<Option<(User, Session, Items)>, TableError> {
        let user_key = Key::user(Some(user_id));
        let session_key = Key::session(user_id, session_id);
        let is_asked_for_itself = wanted.keys.contains(&user_key);
        wanted.keys.extend([user_key.clone(), session_key.clone()]);
        if !wanted.attributes.is_empty() {
            let more = CALLER.iter().filter(|it| !wanted.attributes.contains(it));
            wanted.attributes.extend(more.collect::<Vec<_>>());
        }
        let mut items = self.items_at(wanted).await?;
        let Some((user, session)) = items.take(&user_key).zip(items.take(&session_key)) else {
            return Ok(None);
        };
        // An administrator changes their own account.
        if is_asked_for_itself {
            items.put_back(user.clone());
        }
        let session = from_item(session).map_err(TableError::unreadable)?;
        Ok(Some((user_in(user)?, session, items)))
    }

    /// A page of accounts by username, of those alone whose username starts with the folded `prefix`.
    /// The position is a sort key of gsi2. Calls: Query.
    pub async fn list_users(
        &self,
        prefix: &str,
        paging: Paging<String>,
    ) -> Result<Page<Account, String>, TableError> {
        let key_of = |sort_key: &str| Some(Key::user(Some(key::id_in_sort_key(sort_key)?)));
        self.list_by_name(KIND, prefix, paging, key_of).await
    }

    /// Ends all sessions of an account. Calls: Update.
    pub async fn raise_epoch(&self, id: UserId, now: Timestamp) -> Result<(), TableError> {
        let is_there = self.end_sessions_of(id, now).await?;
        if is_there { Ok(()) } else { Err(TableError::missing("the account")) }
    }

    /// The same; tells whether there is such an account. Calls: Update.
    pub async fn end_sessions_of(&self, id: UserId, now: Timestamp) -> Result<bool, TableError> {
        let raise = Expression::update("SET updated_at = :now ADD epoch :one, version :one")
            .only_if("attribute_exists(pk)")
            .time(":now", now)
            .number(":one", 1);
        let changed = self.change(Key::user(Some(id)), raise).await?;
        Ok(matches!(changed, Changed::Done(_)))
    }

    /// That of the latest account; for an id before it there may be none. Calls: Get.
    pub async fn last_user_id(&self) -> Result<Option<UserId>, TableError> {
        self.last_id(KIND).await
    }

    /// Changes role and activity of an account that has been read; a deactivation ends all sessions. When somebody
    /// else changed it since then, reads again. Calls: W.
    pub async fn update_user(
        &self,
        mut current: User,
        change: UserChange,
        if_match: &IfMatch,
        now: Timestamp,
    ) -> Result<UserUpdated, TableError> {
        for attempt in 1..=UPDATE_ATTEMPTS {
            if !if_match.allows(current.version) {
                return Ok(UserUpdated::VersionMismatch);
            }
            let mut next = current.clone();
            next.role = change.role.unwrap_or(current.role);
            next.active = change.active.unwrap_or(current.active);
            if (next.role, next.active) == (current.role, current.active) {
                return Ok(UserUpdated::Done(current));
            }
            next.version += 1;
            next.updated_at = now;
            next.epoch += u64::from(current.active && !next.active);
            match self.put_change(&current, &next).await? {
                Outcome::Committed => return Ok(UserUpdated::Done(next)),
                // When the account changed, it may be no administrator any more: read again first.
                Outcome::Refused(refusals) if !refusals.contains(&Refusal::Changed) => {
                    return Ok(UserUpdated::LastAdmin);
                }
                Outcome::Refused(_) => {}
            }
            backoff(attempt).await;
            match self.look_up(&current.id).await? {
                Some(changed) => current = changed,
                None => return Ok(UserUpdated::NotFound),
            }
        }
        Err(TableError::Unavailable("too many changes of one account at once".to_owned()))
    }

    async fn put_change(
        &self,
        current: &User,
        next: &User,
    ) -> Result<Outcome<Refusal>, TableError> {
        const CHANGE: &str = "SET #role = :role, active = :active, epoch = :epoch, \
            version = :version, updated_at = :now";
        let change = Expression::update(CHANGE)
            .only_if("version = :current")
            .value(":role", &next.role)?
            .boolean(":active", next.active)
            .number(":epoch", next.epoch)
            .number(":version", next.version)
            .time(":now", next.updated_at)
            .number(":current", current.version);
        let user = Key::user(Some(current.id));
        let mut transaction = self.transaction().update(user, change, Refusal::Changed);
        if let Some(expression) = Admins::between(current, next).expression() {
            transaction = transaction.update(Key::admins(), expression, Refusal::LastAdmin);
        }
        transaction.commit().await
    }
}

impl Lookup for Option<User> {
    type Name = UserId;

    fn keys(id: &UserId) -> Vec<Key> {
        vec![Key::user(Some(*id))]
    }

    fn take(id: &UserId, items: &mut Items) -> Result<Self, TableError> {
        items.take(&Key::user(Some(*id))).map(user_in).transpose()
    }
}

/// More bytes than any username or email has when it is folded.
const MAX_IDENTIFIER: usize = 1024;

pub(super) fn user_in(item: Item) -> Result<User, TableError> {
    from_item(item).map_err(TableError::unreadable)
}

/// Ends the sessions of an account that is of a certain epoch, by giving it the next one.
pub(super) fn next_epoch(epoch: u64, now: Timestamp) -> Expression {
    const CHANGE: &str = "SET epoch = :next, updated_at = :now ADD version :one";
    Expression::update(CHANGE)
        .only_if("epoch = :epoch AND active = :yes")
        .number(":epoch", epoch)
        .number(":next", epoch.saturating_add(1))
        .time(":now", now)
        .number(":one", 1)
        .boolean(":yes", true)
}

#[cfg(test)]
mod tests {
    use super::CALLER;
    use crate::model::user::Role;
    use crate::testing::{World, run};

    /// What nobody reads of an account or a session: DynamoDB does.
    const DYNAMODBS: [&str; 3] = ["gsi2pk", "gsi2sk", "ttl"];

    #[test]
    fn all_that_is_stored_of_a_caller_is_read() {
        run(async |world: World| {
            world.actor(Role::Staff).await;
            let rows = world.rows("USER#").await;
            assert_eq!(rows.len(), 2);
            for name in rows.iter().flat_map(|row| row.keys()) {
                let is_read = CALLER.contains(&name.as_str());
                assert_eq!(is_read, !DYNAMODBS.contains(&name.as_str()), "{name}");
            }
        });
    }
}
