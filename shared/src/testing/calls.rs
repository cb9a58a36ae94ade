//! Which calls are made to DynamoDB, in their order, and by whom.

#![allow(clippy::expect_used, reason = "that is how a test fails")]

use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

use super::access::{self, Access};

/// What DynamoDB's operations are called, before their own names.
const PREFIX: &str = "DynamoDB_20120810.";

/// A record of the calls of one client, or of several.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    operations: Vec<String>,
    /// How many handlers are at work. What is called meanwhile, they call.
    handlers: usize,
    accesses: Vec<Access>,
}

impl Calls {
    /// Those since the last time: `GetItem`, `TransactWriteItems`, … Each attempt counts.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.record().operations)
    }

    /// Lets a handler work, and fails the test if it did what its function's policy does not grant.
    pub async fn of_function<T>(&self, handler: impl Future<Output = T>) -> T {
        self.record().handlers += 1;
        let outcome = handler.await;
        let done = {
            let mut record = self.record();
            record.handlers -= 1;
            std::mem::take(&mut record.accesses)
        };
        access::check(&done);
        outcome
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().expect("no panic")
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
        let request = context.request();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix(PREFIX).unwrap_or(target);
        let mut record = self.record();
        record.operations.push(operation.to_owned());
        if record.handlers > 0 {
            let body = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
            record.accesses.extend(Access::of_call(operation, &body));
        }
        Ok(())
    }
}
