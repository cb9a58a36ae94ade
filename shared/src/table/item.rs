//! Calls that concern one item: read, deleted, or changed on a condition.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::expression::Expression;
use super::key::{Item, Key};
use super::{Table, TableError};

/// How a conditional change ended.
#[derive(Debug)]
pub enum Changed {
    /// The item as it is now.
    Done(Item),
    /// The condition did not hold for the item as it was, if there was one.
    Refused(Option<Item>),
}

impl Table {
    /// Calls: Update. The call may be sent more than once when replies are lost: whoever needs to tell its
    /// own change from another's looks at the item of a refusal.
    pub(super) async fn change(
        &self,
        key: Key,
        expression: Expression,
    ) -> Result<Changed, TableError> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.into()))
            .set_update_expression(expression.change())
            .set_condition_expression(expression.holds())
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

    /// Calls: Delete.
    pub(super) async fn delete_item(&self, key: Key) -> Result<(), TableError> {
        let key = Some(key.into());
        self.client.delete_item().table_name(&self.name).set_key(key).send().await?;
        Ok(())
    }

    /// One item, read consistently. Calls: Get.
    pub(super) async fn read_item(&self, key: Key) -> Result<Option<Item>, TableError> {
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
}
