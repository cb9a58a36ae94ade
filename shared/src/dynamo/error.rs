//! Why a call to DynamoDB failed, in words that a log line can carry.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;

/// A failure of DynamoDB or of what it holds. The messages name operations and error codes, never items: an SDK
/// error's own `Debug` would print the response's body.
#[derive(Debug, thiserror::Error)]
pub enum DynamoError {
    /// Slow, throttled, in conflict or unreachable: the same request may succeed later.
    #[error("DynamoDB is unavailable: {0}")]
    Unavailable(String),
    /// A request that DynamoDB refuses, or an item that cannot be read: a fault of this program.
    #[error("unexpected answer of DynamoDB: {0}")]
    Unexpected(String),
}

impl DynamoError {
    /// The error itself may quote the item, so it is dropped.
    pub fn unreadable(_error: serde_dynamo::Error) -> Self {
        Self::Unexpected("an item cannot be converted".to_owned())
    }

    /// `what` is missing from an item or from an answer.
    pub fn missing(what: &str) -> Self {
        Self::Unexpected(format!("{what} is missing from the answer"))
    }
}

/// Error codes of a request that may be sent again.
const TRANSIENT: [&str; 9] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
];

impl<E> From<SdkError<E, HttpResponse>> for DynamoError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        match &error {
            SdkError::ServiceError(context) => {
                let service_error = context.err();
                let code = service_error.code().unwrap_or("unknown error");
                let message = service_error.message().unwrap_or_default();
                let request_id = error.request_id().unwrap_or("none");
                let cause = format!("{code}: {message} (request {request_id})");
                if context.raw().status().is_server_error() || TRANSIENT.contains(&code) {
                    Self::Unavailable(cause)
                } else {
                    Self::Unexpected(cause)
                }
            }
            SdkError::ConstructionFailure(_) => Self::Unexpected(chain(&error)),
            _ => Self::Unavailable(chain(&error)),
        }
    }
}

/// Returns an error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
