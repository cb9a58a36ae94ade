//! The throttles of emergency access: how often an account may open a record, or look a patient up. Each try is counted
//! before its work begins, so that many at once cannot pass the limits.

use std::time::Duration;

use super::attempts::{allowed, taken_back};
use crate::error::ApiError;
use crate::model::id::UserId;
use crate::model::timestamp::Timestamp;
use crate::store::{Store, StoreError, ThrottleKey, WindowRule};

const HOUR: Duration = Duration::from_hours(1);

/// Look-ups of one account.
const LOOKUPS: WindowRule = WindowRule { tries: 20, span: HOUR };

/// Grants of one account, in any hour and in any 24 hours.
const GRANTS: [WindowRule; 2] =
    [WindowRule { tries: 5, span: HOUR }, WindowRule { tries: 10, span: Duration::from_hours(24) }];

/// Counts a look-up, or returns a 429. Calls: UpdateItem.
pub async fn lookup(store: &Store, now: Timestamp, id: UserId) -> Result<(), ApiError> {
    let key = ThrottleKey::new("patient-lookup", &[&id.to_string()]);
    allowed(store.throttles().reserve_in_window(&key, &LOOKUPS, now).await?).map(drop)
}

/// A grant of emergency access, as the throttle counts it.
#[derive(Debug)]
pub struct GrantAttempt {
    of_account: ThrottleKey,
    begun_at: Timestamp,
}

impl GrantAttempt {
    /// Counts a grant, or returns a 429. Calls: those of [`crate::store::Throttles::reserve_in_log`].
    pub async fn reserve(store: &Store, now: Timestamp, id: UserId) -> Result<Self, ApiError> {
        let of_account = ThrottleKey::new("emergency", &[&id.to_string()]);
        let reserved = store.throttles().reserve_in_log(&of_account, &GRANTS, now).await?;
        allowed(reserved)?;
        Ok(Self { of_account, begun_at: now })
    }

    /// Takes a grant back that the store refused. It stays counted if nobody knows whether it was stored, and if there is
    /// no such patient: otherwise an account could find out which ids exist. Calls: UpdateItem twice, or none.
    pub async fn refused(&self, store: &Store, error: &StoreError) {
        if matches!(error, StoreError::Dynamo(_) | StoreError::NotFound(_)) {
            return;
        }
        taken_back(store.throttles().release_from_log(&self.of_account, self.begun_at).await);
    }
}
