//! DynamoDB's client: the settings that `aws` gives every client, and the retry of conflicts.

use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::{Client, config};

use super::conflict::is_conflict;
use crate::aws::sdk_config;
use crate::config::DynamoDb;

/// Returns a client of the configured DynamoDB. It connects with the first call.
pub fn client(settings: &DynamoDb) -> Client {
    Client::from_conf(config(settings).build())
}

/// Returns the client's settings, to which a test may add.
pub fn config(settings: &DynamoDb) -> config::Builder {
    let common = sdk_config(&settings.aws, settings.endpoint.as_deref());
    config::Builder::from(&common)
        .retry_partition(RetryPartition::custom("dynamodb").token_bucket(retry_quota()).build())
        .retry_classifier(RetryConflicts)
}

/// Returns the quota of a process's retries, which cost 5 each: 500 at once, then 10 a second. The SDK's own quota
/// is never refilled by time, so a contended process would soon have no retries left.
fn retry_quota() -> TokenBucket {
    TokenBucket::builder().capacity(500).refill_rate(10.0).build()
}

/// Retries a write that lost against a concurrent transaction; the SDK's own list lacks these errors.
/// A retry carries the same `ClientRequestToken`, so a commit whose reply was lost is done once.
#[derive(Debug)]
struct RetryConflicts;

impl ClassifyRetry for RetryConflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let Some(error) = error.as_operation_error() else {
            return RetryAction::NoActionIndicated;
        };
        let is_lost = if let Some(error) = error.downcast_ref::<TransactWriteItemsError>() {
            is_conflict(error)
        } else if let Some(error) = error.downcast_ref::<UpdateItemError>() {
            error.is_transaction_conflict_exception()
        } else if let Some(error) = error.downcast_ref::<PutItemError>() {
            error.is_transaction_conflict_exception()
        } else if let Some(error) = error.downcast_ref::<DeleteItemError>() {
            error.is_transaction_conflict_exception()
        } else {
            false
        };
        if is_lost { RetryAction::throttling_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "transaction conflicts"
    }
}
