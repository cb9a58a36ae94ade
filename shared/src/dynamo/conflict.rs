//! Cancelled transactions: whether one only lost against another.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

/// Returns a reason for each action of a cancelled transaction.
pub fn cancellation_reasons(error: &TransactWriteItemsError) -> Option<&[CancellationReason]> {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

/// Whether the transaction only lost against another one, or against a limit, and may be sent again.
pub fn is_conflict(error: &TransactWriteItemsError) -> bool {
    match cancellation_reasons(error) {
        Some(reasons) => {
            let is = |codes: &[&str]| {
                reasons
                    .iter()
                    .filter_map(CancellationReason::code)
                    .any(|code| codes.contains(&code))
            };
            is(&["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
                && !is(&["ConditionalCheckFailed", "ValidationError"])
        }
        None => error.is_transaction_in_progress_exception(),
    }
}
