//! Administrators: made from outside, and counted, so that there is always an active one.

use super::expression::Expression;
use super::users::UserUpdated;
use super::{Table, TableError};
use crate::model::timestamp::Timestamp;
use crate::model::user::{Role, User, UserChange};
use crate::model::version::IfMatch;

#[derive(Debug)]
pub enum MadeAdmin {
    Done(User),
    Already(User),
    /// There is no such account.
    Unknown,
}

impl Table {
    /// Makes the account that bears a folded name an active administrator. Calls: Get, Get, W.
    pub async fn make_admin(&self, folded: &str, now: Timestamp) -> Result<MadeAdmin, TableError> {
        let Some(user) = self.user_named(folded).await? else { return Ok(MadeAdmin::Unknown) };
        if user.is_active_admin() {
            return Ok(MadeAdmin::Already(user));
        }
        let change = UserChange { role: Some(Role::Admin), active: Some(true) };
        match self.update_user(user, change, &IfMatch::Any, now).await? {
            UserUpdated::Done(user) => Ok(MadeAdmin::Done(user)),
            _ => Ok(MadeAdmin::Unknown),
        }
    }
}

/// What a change does to the number of active administrators, which never falls to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admins {
    Same,
    /// The first one there ever was.
    One,
    More,
    Fewer,
}

impl Admins {
    /// For a new account.
    pub fn of(user: &User) -> Self {
        if user.is_active_admin() { Self::More } else { Self::Same }
    }

    pub fn between(current: &User, next: &User) -> Self {
        match (current.is_active_admin(), next.is_active_admin()) {
            (false, true) => Self::More,
            (true, false) => Self::Fewer,
            _ => Self::Same,
        }
    }

    pub fn expression(self) -> Option<Expression> {
        let add = |number: i8| Expression::update("ADD active :number").number(":number", number);
        match self {
            Self::Same => None,
            Self::One => Some(add(1).only_if("attribute_not_exists(pk)")),
            Self::More => Some(add(1)),
            Self::Fewer => Some(add(-1).only_if("active > :one").number(":one", 1)),
        }
    }
}
