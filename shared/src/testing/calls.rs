//! Which calls are made to DynamoDB, in their order.

#![allow(clippy::expect_used, reason = "that is how a test fails")]

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

/// What DynamoDB's operations are called, before their own names.
const PREFIX: &str = "DynamoDB_20120810.";

/// A record of the calls of one client, or of several.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    /// Those since the last time: `GetItem`, `TransactWriteItems`, … Each attempt counts.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "record of calls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix(PREFIX).unwrap_or(target);
        self.0.lock().expect("no panic").push(operation.to_owned());
        Ok(())
    }
}
