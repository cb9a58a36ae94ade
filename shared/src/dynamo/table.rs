//! A table, and the calls about one of its items: read, put, changed on a condition, deleted.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::error::DynamoError;
use super::expression::Expression;
use super::item::{Item, Key};

/// A table of DynamoDB. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) client: Client,
    pub(super) name: String,
}

/// How a conditional write ended.
#[derive(Debug)]
pub enum Changed {
    /// The item after the change. After a put it is empty.
    Done(Item),
    /// The condition did not hold for this item; `None` if there was none.
    Refused(Option<Item>),
}

impl Table {
    /// `name` is the table's physical name.
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Reads one item, consistently. Calls: GetItem.
    pub async fn get(&self, key: Key) -> Result<Option<Item>, DynamoError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.into()))
            .consistent_read(true)
            .send()
            .await?;
        Ok(answer.item)
    }

    /// Whether the table answers: reads an item that need not exist, for half a unit. Calls: GetItem.
    pub async fn ping(&self, key: Key) -> Result<(), DynamoError> {
        let key = Some(key.into());
        self.client.get_item().table_name(&self.name).set_key(key).send().await?;
        Ok(())
    }

    /// Puts an item in place of any other with its key. Calls: PutItem.
    pub async fn put(&self, item: Item) -> Result<(), DynamoError> {
        self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await?;
        Ok(())
    }

    /// Puts an item if the condition holds for the item with its key. Calls: PutItem.
    pub async fn put_if(&self, item: Item, condition: Expression) -> Result<Changed, DynamoError> {
        let outcome = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_condition_expression(condition.condition())
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(Changed::Done(Item::new())),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Changed::Refused(refused.item.clone()))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Changes an item. Calls: UpdateItem. The SDK may send the call again when a reply is lost: a caller that must
    /// tell its own change from another's looks at the item of a refusal.
    pub async fn change(&self, key: Key, expression: Expression) -> Result<Changed, DynamoError> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.into()))
            .set_update_expression(expression.change())
            .set_condition_expression(expression.condition())
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome {
            Ok(answer) => Ok(Changed::Done(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Changed::Refused(refused.item.clone()))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Deletes an item if it exists. Calls: DeleteItem.
    pub async fn delete(&self, key: Key) -> Result<(), DynamoError> {
        let key = Some(key.into());
        self.client.delete_item().table_name(&self.name).set_key(key).send().await?;
        Ok(())
    }
}
