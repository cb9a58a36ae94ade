//! `TransactWriteItems`, composed action by action; a refusal is told by the action that failed.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};

use super::expression::Expression;
use super::key::{Item, Key};
use super::{Table, TableError};
use crate::model::version::Version;

/// Holds only for an item that exists and is no tombstone.
const ALIVE: &str = "attribute_exists(pk) AND attribute_not_exists(deleted_at)";

/// DynamoDB's limit of actions in one transaction.
pub const MAX_ACTIONS: usize = 100;

/// A transaction being composed. `R` says what it means when an action's condition does not hold.
pub struct Transaction<'a, R> {
    table: &'a Table,
    actions: Vec<Action>,
    refusals: Vec<Option<R>>,
}

enum Action {
    Put(Item, Option<Expression>),
    Delete(Key, Option<&'static str>),
    Check(Key, &'static str),
    Update(Key, Expression),
}

/// How a transaction ended: wholly done, or not at all.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    Committed,
    /// The refusals of all actions whose condition did not hold, in order.
    Refused(Vec<R>),
}

impl Table {
    pub(super) fn transaction<R: Copy>(&self) -> Transaction<'_, R> {
        Transaction { table: self, actions: Vec::new(), refusals: Vec::new() }
    }
}

impl<R: Copy> Transaction<'_, R> {
    /// Puts an item, whatever stands at its key.
    pub fn put(mut self, item: Item) -> Self {
        self.push(Action::Put(item, None), None);
        self
    }

    /// Puts an item whose key must be free.
    pub fn put_new(self, item: Item, refusal: R) -> Self {
        self.put_if(item, Expression::condition("attribute_not_exists(pk)"), refusal)
    }

    /// Puts an item, if the condition holds for what stands at its key.
    pub fn put_if(mut self, item: Item, condition: Expression, refusal: R) -> Self {
        self.push(Action::Put(item, Some(condition)), Some(refusal));
        self
    }

    /// Replaces an item that must be alive and of this version.
    pub fn replace(self, item: Item, version: Version, refusal: R) -> Self {
        let condition =
            Expression::condition("version = :version AND attribute_not_exists(deleted_at)")
                .number(":version", version);
        self.put_if(item, condition, refusal)
    }

    pub fn delete(mut self, key: Key) -> Self {
        self.push(Action::Delete(key, None), None);
        self
    }

    pub fn delete_existing(mut self, key: Key, refusal: R) -> Self {
        self.push(Action::Delete(key, Some("attribute_exists(pk)")), Some(refusal));
        self
    }

    pub fn require_alive(mut self, key: Key, refusal: R) -> Self {
        self.push(Action::Check(key, ALIVE), Some(refusal));
        self
    }

    /// Changes attributes of an item, if the expression's condition holds.
    pub fn update(mut self, key: Key, expression: Expression, refusal: R) -> Self {
        self.push(Action::Update(key, expression), Some(refusal));
        self
    }

    fn push(&mut self, action: Action, refusal: Option<R>) {
        self.actions.push(action);
        self.refusals.push(refusal);
    }

    /// Does it all or nothing. The SDK adds one `ClientRequestToken` to all its attempts, so that a
    /// commit whose reply was lost is found done and not refused.
    pub async fn commit(self) -> Result<Outcome<R>, TableError> {
        let mut request = self.table.client.transact_write_items();
        for action in self.actions {
            request = request.transact_items(action.build(&self.table.name)?);
        }
        let error = match request.send().await {
            Ok(_) => return Ok(Outcome::Committed),
            Err(error) => error,
        };
        let Some(reasons) = error.as_service_error().and_then(cancellation_reasons) else {
            return Err(error.into());
        };
        let refused: Vec<R> = reasons
            .iter()
            .zip(self.refusals)
            .filter(|(reason, _)| reason.code() == Some("ConditionalCheckFailed"))
            .filter_map(|(_, refusal)| refusal)
            .collect();
        if !refused.is_empty() {
            return Ok(Outcome::Refused(refused));
        }
        let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).collect();
        let told = format!("a transaction was cancelled: {}", codes.join(", "));
        if error.as_service_error().is_some_and(is_conflict) {
            Err(TableError::Unavailable(told))
        } else {
            Err(TableError::Unexpected(told))
        }
    }
}

impl Action {
    fn build(self, table: &str) -> Result<TransactWriteItem, TableError> {
        let incomplete = |error| TableError::Unexpected(format!("incomplete action: {error}"));
        let item = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(content, condition) => {
                let put = Put::builder().table_name(table).set_item(Some(content));
                let put = match condition {
                    Some(condition) => put
                        .set_condition_expression(condition.holds())
                        .set_expression_attribute_names(condition.names())
                        .set_expression_attribute_values(condition.values()),
                    None => put,
                };
                item.put(put.build().map_err(incomplete)?)
            }
            Self::Delete(key, condition) => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(key.into()))
                    .set_condition_expression(condition.map(str::to_owned))
                    .build()
                    .map_err(incomplete)?,
            ),
            Self::Update(key, expression) => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(key.into()))
                    .set_update_expression(expression.change())
                    .set_condition_expression(expression.holds())
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .build()
                    .map_err(incomplete)?,
            ),
            Self::Check(key, condition) => item.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key.into()))
                    .condition_expression(condition)
                    .build()
                    .map_err(incomplete)?,
            ),
        }
        .build())
    }
}

fn cancellation_reasons(error: &TransactWriteItemsError) -> Option<&[CancellationReason]> {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

/// Whether the transaction only lost against another one, or against a limit, and may be tried again.
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
