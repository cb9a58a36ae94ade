//! The active administrators: their number, which never falls to none, and their ids.
//!
//! Both are in one item, which each transaction that makes or changes an administrator's account changes, too.

use std::collections::BTreeSet;

use crate::dynamo::{Expression, Item};
use crate::model::id::UserId;
use crate::model::user::User;

/// The attribute of the item with the ids, a set of numbers.
const IDS: &str = "ids";

/// The effect of a write on the active administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminCount {
    Same,
    /// This account becomes one, the first administrator ever.
    First(UserId),
    /// This account becomes one.
    More(UserId),
    /// This account is none any more.
    Fewer(UserId),
}

impl AdminCount {
    /// The change that a new account makes.
    pub fn of(user: &User) -> Self {
        if user.is_active_admin() { Self::More(user.id) } else { Self::Same }
    }

    /// The change that an account's change makes.
    pub fn between(current: &User, next: &User) -> Self {
        match (current.is_active_admin(), next.is_active_admin()) {
            (false, true) => Self::More(next.id),
            (true, false) => Self::Fewer(next.id),
            _ => Self::Same,
        }
    }

    pub fn expression(self) -> Option<Expression> {
        let add = |id| {
            let add = Expression::update("ADD active :number, #ids :ids").number(":number", 1);
            with_id(add, id)
        };
        match self {
            Self::Same => None,
            Self::First(id) => Some(add(id).only_if("attribute_not_exists(pk)")),
            Self::More(id) => Some(add(id)),
            Self::Fewer(id) => {
                let remove = Expression::update("ADD active :number DELETE #ids :ids")
                    .only_if("active > :one")
                    .number(":number", -1)
                    .number(":one", 1);
                Some(with_id(remove, id))
            }
        }
    }
}

/// Returns the change that adds the id of an administrator who is counted already: before schema 5, the item had no
/// ids.
#[cfg(feature = "operator")]
pub fn add_id(id: UserId) -> Expression {
    with_id(Expression::update("ADD #ids :ids"), id)
}

/// Returns the ids in the item; none if there is no item.
pub fn ids_in(item: Option<&Item>) -> BTreeSet<UserId> {
    let ids = item.and_then(|item| item.get(IDS)?.as_ns().ok());
    let ids = ids.into_iter().flatten();
    ids.filter_map(|id| id.parse().ok()).collect()
}

fn with_id(change: Expression, id: UserId) -> Expression {
    change.numbers(":ids", [id])
}
