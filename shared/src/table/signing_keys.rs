//! The public halves of the token keys, in a table of their own: whoever can write them can mint tokens.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::key::{self, Key, SIGNING_KEYS};
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
}

impl Table {
    /// Publishes a key unless it is published already. Calls: Put.
    pub async fn publish_key(&self, public_key: &PublicKey) -> Result<(), TableError> {
        let outcome = self
            .client
            .put_item()
            .table_name(&self.keys_name)
            .set_item(Some(key::item(public_key, Key::signing_key(&public_key.kid))?))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All published keys, read consistently. Calls: Query.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, TableError> {
        let answer = self
            .client
            .query()
            .table_name(&self.keys_name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(SIGNING_KEYS.to_owned()))
            .consistent_read(true)
            .send()
            .await?;
        let keys = answer.items.unwrap_or_default().into_iter().map(from_item);
        keys.collect::<Result<_, _>>().map_err(TableError::unreadable)
    }
}
