//! Calls that are repeated while DynamoDB is unavailable.

use std::time::Duration;

use shared::store::{DynamoError, StoreError};
use tokio::time::sleep;

/// The pause before each further attempt. Within an attempt, the client retries sooner.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(15)];

/// Repeats a call, which must be safe to repeat, while DynamoDB is unavailable.
pub async fn patiently<T>(
    mut call: impl AsyncFnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    for pause in PAUSES {
        match call().await {
            Err(StoreError::Dynamo(DynamoError::Unavailable(_))) => sleep(pause).await,
            outcome => return outcome,
        }
    }
    call().await
}
