//! The public halves of the token keys, in a table of their own: whoever can write them can mint tokens.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::key::{self, Item, Key, SIGNING_KEYS};
use super::{Table, TableError};
use crate::model::timestamp::Timestamp;

/// An Ed25519 key as a JWK names its parts (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The RFC 7638 thumbprint.
    pub kid: String,
    /// The key's 32 bytes in base64url.
    pub x: String,
    pub published_at: Timestamp,
    /// When tokens signed with it stop counting; `None` as long as it may sign.
    pub retires_at: Option<Timestamp>,
}

impl PublicKey {
    /// Whether tokens signed with it count.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.retires_at.is_none_or(|retires_at| now < retires_at)
    }
}

impl Table {
    /// Publishes a key unless it is published already; gives it as it stands then. One that has retired
    /// is published anew. Calls: Put.
    pub async fn publish_key(&self, public_key: PublicKey) -> Result<PublicKey, TableError> {
        let outcome = self
            .client
            .put_item()
            .table_name(&self.keys_name)
            .set_item(Some(key::item(&public_key, Key::signing_key(&public_key.kid))?))
            .condition_expression("attribute_not_exists(pk) OR retires_at <= :now")
            .expression_attribute_values(
                ":now",
                AttributeValue::S(public_key.published_at.to_string()),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(public_key),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    let item = refused.item.clone();
                    item.ok_or_else(|| TableError::missing("the key")).and_then(key_in)
                }
                _ => Err(error.into()),
            },
        }
    }

    /// All published keys that count, read consistently. Calls: Query.
    pub async fn public_keys(&self, now: Timestamp) -> Result<Vec<PublicKey>, TableError> {
        let answer = self
            .client
            .query()
            .table_name(&self.keys_name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(SIGNING_KEYS.to_owned()))
            .consistent_read(true)
            .send()
            .await?;
        let mut keys = Vec::new();
        for item in answer.items.unwrap_or_default() {
            // DynamoDB takes its time to remove what has expired.
            keys.extend(Some(key_in(item)?).filter(|key| key.counts(now)));
        }
        Ok(keys)
    }

    /// A published key, whether it counts or not. Calls: Get.
    pub async fn public_key(&self, kid: &str) -> Result<Option<PublicKey>, TableError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.keys_name)
            .set_key(Some(Key::signing_key(kid).into()))
            .consistent_read(true)
            .send()
            .await?;
        answer.item.map(key_in).transpose()
    }

    /// Says until when a key counts, unless that has been said before. Calls: Update.
    pub async fn retire_key(&self, kid: &str, retires_at: Timestamp) -> Result<(), TableError> {
        self.client
            .update_item()
            .table_name(&self.keys_name)
            .set_key(Some(Key::signing_key(kid).into()))
            .update_expression("SET retires_at = :then, #ttl = :ttl")
            .condition_expression("attribute_exists(pk) AND NOT attribute_type(retires_at, :text)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":then", AttributeValue::S(retires_at.to_string()))
            .expression_attribute_values(
                ":ttl",
                AttributeValue::N(retires_at.as_second().to_string()),
            )
            .expression_attribute_values(":text", AttributeValue::S("S".to_owned()))
            .send()
            .await
            .map(drop)
            .or_else(|error| match error.as_service_error() {
                Some(error) if error.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(error.into()),
            })
    }
}

fn key_in(item: Item) -> Result<PublicKey, TableError> {
    from_item(item).map_err(TableError::unreadable)
}
