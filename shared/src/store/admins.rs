//! The number of active administrators, which never falls to none.

use crate::dynamo::Expression;
use crate::model::user::User;

/// The effect of a write on the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminCount {
    Same,
    /// Becomes one, for the first administrator ever.
    First,
    More,
    Fewer,
}

impl AdminCount {
    /// The change that a new account makes.
    pub fn of(user: &User) -> Self {
        if user.is_active_admin() { Self::More } else { Self::Same }
    }

    /// The change that an account's change makes.
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
            Self::First => Some(add(1).only_if("attribute_not_exists(pk)")),
            Self::More => Some(add(1)),
            Self::Fewer => Some(add(-1).only_if("active > :one").number(":one", 1)),
        }
    }
}
