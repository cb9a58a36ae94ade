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

/// Grants of one account.
const GRANTS_PER_HOUR: WindowRule = WindowRule { tries: 5, span: HOUR };
const GRANTS_PER_DAY: WindowRule = WindowRule { tries: 10, span: Duration::from_hours(24) };

/// Counts a look-up, or returns a 429. Calls: UpdateItem.
pub async fn lookup(store: &Store, now: Timestamp, id: UserId) -> Result<(), ApiError> {
    let key = ThrottleKey::new("patient-lookup", &[&id.to_string()]);
    allowed(store.throttles().reserve_in_window(&key, &LOOKUPS, now).await?).map(drop)
}

/// A grant of emergency access, as the throttles count it.
#[derive(Debug)]
pub struct GrantAttempt {
    of_hour: ThrottleKey,
    of_day: ThrottleKey,
    begun_at: Timestamp,
}

impl GrantAttempt {
    /// Counts a grant in its hour and in its day, or returns a 429. Calls: UpdateItem twice, one after the other. If the
    /// day is full, the hour stays counted: it is over with the day at the latest.
    pub async fn reserve(store: &Store, now: Timestamp, id: UserId) -> Result<Self, ApiError> {
        let key = |kind| ThrottleKey::new(kind, &[&id.to_string()]);
        let (of_hour, of_day) = (key("emergency-hour"), key("emergency-day"));
        let attempt = Self { of_hour, of_day, begun_at: now };
        let throttles = store.throttles();
        let of_hour = throttles.reserve_in_window(&attempt.of_hour, &GRANTS_PER_HOUR, now).await?;
        allowed(of_hour)?;
        let of_day = throttles.reserve_in_window(&attempt.of_day, &GRANTS_PER_DAY, now).await?;
        allowed(of_day)?;
        Ok(attempt)
    }

    /// Takes a grant back that the store refused. It stays counted if nobody knows whether it was stored, and if there is
    /// no such patient: otherwise an account could find out which ids exist. Calls:
    /// UpdateItem twice at once, or none.
    pub async fn refused(&self, store: &Store, error: &StoreError) {
        if matches!(error, StoreError::Dynamo(_) | StoreError::NotFound(_)) {
            return;
        }
        let throttles = store.throttles();
        let (hour, day) = tokio::join!(
            throttles.release_from_window(&self.of_hour, &GRANTS_PER_HOUR, self.begun_at),
            throttles.release_from_window(&self.of_day, &GRANTS_PER_DAY, self.begun_at),
        );
        taken_back(hour.and(day));
    }
}
