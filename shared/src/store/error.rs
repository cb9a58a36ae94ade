//! Why the store did not do what it was asked for.

use crate::dynamo::DynamoError;
use crate::model::conflict::Conflict;
use crate::model::field::FieldErrors;
use crate::model::precondition::Unmet;

/// A fault, a lost race, or a refusal of the domain. `error.rs` makes the API's answer of it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Dynamo(#[from] DynamoError),
    /// Another request changed the item since it was read. The pipeline loads and decides again.
    #[error("changed at the same time")]
    Contended,
    /// `doctor 7` does not exist.
    #[error("not found: {0}")]
    NotFound(String),
    #[error("the version does not meet the preconditions")]
    VersionMismatch,
    #[error("the request has no If-Match")]
    NoIfMatch,
    /// These fields conflict with existing data.
    #[error("conflicts with existing data")]
    Conflict(FieldErrors),
    #[error("conflicts with a rule of care")]
    Care(#[from] Conflict),
    #[error("fields are not valid")]
    Invalid(FieldErrors),
    #[error("the account may not change these fields")]
    FieldsDenied(FieldErrors),
    #[error("the idempotency key belongs to another request")]
    IdempotencyKeyReused,
    /// The session ended before the change.
    #[error("the session has ended")]
    SessionEnded,
    /// The mailed token is unknown, or it was used or expired before the change.
    #[error("the mailed token has ended")]
    TokenEnded,
    /// A deletion ran out of time. The record is gone for every reader; repeating the request continues the deletion.
    #[error("the deletion is not finished")]
    DeletionUnfinished,
}

impl StoreError {
    /// `what` is missing from an item.
    pub fn missing(what: &str) -> Self {
        DynamoError::missing(what).into()
    }

    pub fn unexpected(problem: impl Into<String>) -> Self {
        DynamoError::Unexpected(problem.into()).into()
    }

    /// `thing` does not exist: `doctor 7`.
    pub fn not_found(thing: impl Into<String>) -> Self {
        Self::NotFound(thing.into())
    }
}

impl From<Unmet> for StoreError {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Failed => Self::VersionMismatch,
            Unmet::NoIfMatch => Self::NoIfMatch,
        }
    }
}
