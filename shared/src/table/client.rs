//! The SDK's client: its endpoint, timeouts and retries.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{
    ClassifyRetry, RetryAction, RetryConfig, RetryPartition, TokenBucket,
};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use secrecy::ExposeSecret;

use super::transaction;
use crate::config::DynamoDb;

/// Attempt < operation < request: the SDK sets no timeouts by itself.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(7);

/// Retries back off from 50 ms, doubling, with jitter; the operation's timeout bounds them all.
const MAX_ATTEMPTS: u32 = 8;
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// A client of the configured DynamoDB. Nothing is connected before the first call.
pub fn client(settings: &DynamoDb) -> Client {
    let credentials = Credentials::new(
        &settings.access_key_id,
        settings.secret_access_key.expose_secret(),
        settings.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
        None,
        "environment",
    );
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(credentials)
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(OPERATION_TIMEOUT)
                .build(),
        )
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(MAX_ATTEMPTS)
                .with_initial_backoff(INITIAL_BACKOFF)
                .with_max_backoff(MAX_BACKOFF),
        )
        .retry_partition(RetryPartition::custom("dynamodb").token_bucket(retry_quota()).build())
        .retry_classifier(RetryConflicts);

    let http = aws_smithy_http_client::Builder::new();
    config = match &settings.endpoint {
        // A local DynamoDB speaks plain HTTP: no certificates to load.
        Some(endpoint) if endpoint.starts_with("http://") => {
            config.endpoint_url(endpoint).http_client(http.build_http())
        }
        endpoint => {
            config.set_endpoint_url(endpoint.clone());
            config.http_client(
                http.tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https(),
            )
        }
    };
    Client::from_conf(config.build())
}

/// What a process may spend on retries, 5 for each: 500 at once, then 10 a second. The SDK's own quota
/// is never refilled by time, so that a contended process would soon be left without retries.
fn retry_quota() -> TokenBucket {
    TokenBucket::builder().capacity(500).refill_rate(10.0).build()
}

/// Retries a write that lost against a concurrent transaction; the SDK's own list lacks these errors.
/// A retry carries the same `ClientRequestToken`, so a commit whose reply was lost is not done twice.
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
        let is_conflict = if let Some(error) = error.downcast_ref::<TransactWriteItemsError>() {
            transaction::is_conflict(error)
        } else if let Some(error) = error.downcast_ref::<UpdateItemError>() {
            error.is_transaction_conflict_exception()
        } else if let Some(error) = error.downcast_ref::<PutItemError>() {
            error.is_transaction_conflict_exception()
        } else {
            false
        };
        if is_conflict { RetryAction::throttling_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "transaction conflicts"
    }
}
