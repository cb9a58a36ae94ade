//! `TransactWriteItems`, composed action by action. A refusal names the action whose condition did not hold.

use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};

use super::conflict::{cancellation_reasons, is_conflict};
use super::error::DynamoError;
use super::expression::Expression;
use super::item::{Item, Key, string};
use super::table::Table;

/// The most actions that a change can have: DynamoDB's limit is 100, and one is for the row of the audit trail.
pub const MAX_ACTIONS: usize = 99;

/// A transaction being composed. `R` names why a change is refused: an action's condition does not hold.
pub struct Transaction<'a, R> {
    table: &'a Table,
    /// Each with the name of its table.
    actions: Vec<(String, Action)>,
    /// For each action, the consequence if its condition does not hold; `None` for an action without a condition.
    unmet: Vec<Option<Unmet<R>>>,
}

/// The consequence of a condition that does not hold.
enum Unmet<R> {
    /// The change is refused.
    Refusal(R),
    /// The change has failed, with this cause.
    Failure(&'static str),
}

enum Action {
    Put(Item, Option<Expression>),
    Delete(Key, Option<Expression>),
    Check(Key, Expression),
    Update(Key, Expression),
}

/// How a transaction ended: all of it is done, or nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    Committed,
    /// The refusals of all actions whose condition did not hold, in order.
    Refused(Vec<R>),
}

/// The known end of a transaction.
#[derive(Debug)]
pub enum End<R> {
    Outcome(Outcome<R>),
    /// Nothing is done, for another cause than a refusal: it lost against other transactions, or against a limit.
    Cancelled(DynamoError),
}

impl Table {
    /// Begins an empty transaction.
    pub fn transaction<R: Copy>(&self) -> Transaction<'_, R> {
        Transaction { table: self, actions: Vec::new(), unmet: Vec::new() }
    }
}

impl<R: Copy> Transaction<'_, R> {
    /// Puts an item in place of any other with its key.
    pub fn put(mut self, item: Item) -> Self {
        self.push(Action::Put(item, None), None);
        self
    }

    /// Puts an item whose key must be free.
    pub fn put_new(self, item: Item, refusal: R) -> Self {
        self.put_if(item, Expression::absent(), refusal)
    }

    /// Puts an item if the condition holds for the item with its key.
    pub fn put_if(mut self, item: Item, condition: Expression, refusal: R) -> Self {
        self.push(Action::Put(item, Some(condition)), Some(refusal));
        self
    }

    /// Puts an item into another table. If its key is not free, the transaction fails with this cause, which is an error
    /// of [`Transaction::end`].
    pub fn put_new_in(mut self, table: &Table, item: Item, taken: &'static str) -> Self {
        let is_free = Expression::only("attribute_not_exists(pk)");
        self.actions.push((table.name.clone(), Action::Put(item, Some(is_free))));
        self.unmet.push(Some(Unmet::Failure(taken)));
        self
    }

    /// Deletes an item if it exists.
    pub fn delete(mut self, key: Key) -> Self {
        self.push(Action::Delete(key, None), None);
        self
    }

    /// Deletes an item that must exist.
    pub fn delete_existing(self, key: Key, refusal: R) -> Self {
        self.delete_if(key, Expression::only("attribute_exists(pk)"), refusal)
    }

    /// Deletes an item if the condition holds for it.
    pub fn delete_if(mut self, key: Key, condition: Expression, refusal: R) -> Self {
        self.push(Action::Delete(key, Some(condition)), Some(refusal));
        self
    }

    /// Requires a condition of an item, and leaves the item unchanged.
    pub fn require(mut self, key: Key, condition: Expression, refusal: R) -> Self {
        self.push(Action::Check(key, condition), Some(refusal));
        self
    }

    /// Changes attributes of an item if the expression's condition holds.
    pub fn update(mut self, key: Key, expression: Expression, refusal: R) -> Self {
        self.push(Action::Update(key, expression), Some(refusal));
        self
    }

    /// Returns the number of actions.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Returns the partition keys of all its actions.
    pub fn partitions(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter_map(|(_, action)| match action {
            Action::Put(item, _) => string(item, "pk"),
            Action::Delete(key, _) | Action::Check(key, _) | Action::Update(key, _) => {
                Some(key.pk.as_str())
            }
        })
    }

    fn push(&mut self, action: Action, refusal: Option<R>) {
        self.actions.push((self.table.name.clone(), action));
        self.unmet.push(refusal.map(Unmet::Refusal));
    }

    /// As [`Transaction::end`], with a cancelled transaction as an error, too. Calls: TransactWriteItems.
    pub async fn commit(self) -> Result<Outcome<R>, DynamoError> {
        match self.end().await? {
            End::Outcome(outcome) => Ok(outcome),
            End::Cancelled(cause) => Err(cause),
        }
    }

    /// Does all of it or nothing. After an error nobody knows which. The SDK sends one `ClientRequestToken` with all its
    /// attempts, so a commit whose reply was lost is found done, and is neither refused nor cancelled: if one attempt is
    /// cancelled, those before it were not committed. Calls: TransactWriteItems.
    pub async fn end(self) -> Result<End<R>, DynamoError> {
        let mut request = self.table.client.transact_write_items();
        for (table, action) in self.actions {
            request = request.transact_items(action.build(&table)?);
        }
        let error = match request.send().await {
            Ok(_) => return Ok(End::Outcome(Outcome::Committed)),
            Err(error) => error,
        };
        let Some(reasons) = error.as_service_error().and_then(cancellation_reasons) else {
            return Err(error.into());
        };
        let unmet = reasons
            .iter()
            .zip(self.unmet)
            .filter(|(reason, _)| reason.code() == Some("ConditionalCheckFailed"))
            .filter_map(|(_, unmet)| unmet);
        let (mut refused, mut failed) = (Vec::new(), None);
        for unmet in unmet {
            match unmet {
                Unmet::Refusal(refusal) => refused.push(refusal),
                Unmet::Failure(cause) => failed = Some(cause),
            }
        }
        if !refused.is_empty() {
            return Ok(End::Outcome(Outcome::Refused(refused)));
        }
        if let Some(cause) = failed {
            return Err(DynamoError::Unavailable(cause.to_owned()));
        }
        let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).collect();
        let cause = format!("a transaction was cancelled: {}", codes.join(", "));
        Ok(End::Cancelled(if error.as_service_error().is_some_and(is_conflict) {
            DynamoError::Unavailable(cause)
        } else {
            DynamoError::Unexpected(cause)
        }))
    }
}

impl Action {
    fn build(self, table: &str) -> Result<TransactWriteItem, DynamoError> {
        let incomplete = |error| DynamoError::Unexpected(format!("incomplete action: {error}"));
        let item = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(content, condition) => {
                let put = Put::builder().table_name(table).set_item(Some(content));
                let put = match condition {
                    Some(condition) => put
                        .set_condition_expression(condition.condition())
                        .set_expression_attribute_names(condition.names())
                        .set_expression_attribute_values(condition.values()),
                    None => put,
                };
                item.put(put.build().map_err(incomplete)?)
            }
            Self::Delete(key, condition) => {
                let delete = Delete::builder().table_name(table).set_key(Some(key.into()));
                let delete = match condition {
                    Some(condition) => delete
                        .set_condition_expression(condition.condition())
                        .set_expression_attribute_names(condition.names())
                        .set_expression_attribute_values(condition.values()),
                    None => delete,
                };
                item.delete(delete.build().map_err(incomplete)?)
            }
            Self::Update(key, expression) => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(key.into()))
                    .set_update_expression(expression.change())
                    .set_condition_expression(expression.condition())
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .build()
                    .map_err(incomplete)?,
            ),
            Self::Check(key, condition) => item.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key.into()))
                    .set_condition_expression(condition.condition())
                    .set_expression_attribute_names(condition.names())
                    .set_expression_attribute_values(condition.values())
                    .build()
                    .map_err(incomplete)?,
            ),
        }
        .build())
    }
}
