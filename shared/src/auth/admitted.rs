//! Accounts that were permitted what this function does when they last asked for it. They will most likely be again, so
//! that something may be read for them before it is known; it is theirs only when it is.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::id::UserId;

/// How many are remembered at most.
const MOST: usize = 1024;

#[derive(Default)]
pub struct Admitted(Mutex<HashSet<UserId>>);

impl Admitted {
    /// Whether an account is among them. It is no longer, until it is admitted anew.
    pub fn take(&self, account: UserId) -> bool {
        self.accounts().remove(&account)
    }

    /// Makes room, if there is none, by forgetting everybody.
    pub fn admit(&self, account: UserId) {
        let mut accounts = self.accounts();
        if accounts.len() >= MOST {
            accounts.clear();
        }
        accounts.insert(account);
    }

    fn accounts(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;

    fn account(number: usize) -> UserId {
        UserId::new(number.try_into().unwrap()).unwrap()
    }

    #[test]
    fn who_was_admitted_is_known_once() {
        let admitted = Admitted::default();
        assert!(!admitted.take(account(1)));
        admitted.admit(account(1));
        assert!(!admitted.take(account(2)));
        assert!(admitted.take(account(1)));
        assert!(!admitted.take(account(1)));
    }

    #[test]
    fn there_are_never_more_than_there_is_room_for() {
        let admitted = Admitted::default();
        for number in 1..=MOST + 1 {
            admitted.admit(account(number));
        }
        assert_eq!(admitted.accounts().len(), 1);
        assert!(admitted.take(account(MOST + 1)));
    }
}
