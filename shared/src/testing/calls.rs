//! The record of calls to DynamoDB: which, in which rounds, at which cost, and on whose behalf.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef,
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use repo::template::AUDIT_TABLE_NAME;
use serde_json::{Value, json};

use super::access::{self, Access};

/// The prefix of the names of DynamoDB's operations.
const PREFIX: &str = "DynamoDB_20120810.";

/// A record of the calls of one client, or of several.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    operations: Vec<String>,
    /// The number of handlers at work. Calls that are made meanwhile are theirs.
    handlers: usize,
    accesses: Vec<Access>,
    cost: Cost,
    /// The deepest round of the calls that have ended.
    ended: u32,
}

/// The cost of a request at DynamoDB.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cost {
    /// The calls, in the order in which they were sent.
    pub calls: Vec<String>,
    /// The length of the longest chain of calls that waited for each other.
    pub rounds: u32,
    /// In read capacity units.
    pub reads: f64,
    /// In write capacity units.
    pub writes: f64,
    /// The rows of the audit trail that were put by themselves. They are not among the calls, the rounds and the units,
    /// because they are put beside other calls.
    pub rows: usize,
    /// The round in which the last of these rows was put; 0 without one.
    pub row_round: u32,
    /// The write capacity units of these rows.
    pub row_writes: f64,
    /// The write capacity units of the rows in the transactions of changes. They are among `writes`, too.
    pub change_row_writes: f64,
}

/// A call that is under way: the round in which it began, and what it does.
#[derive(Debug)]
struct Started {
    round: u32,
    kind: Kind,
}

/// The kind of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    /// It puts a row of the audit trail by itself.
    Row,
}

impl Storable for Started {
    type Storer = StoreReplace<Self>;
}

impl Calls {
    /// Returns the calls since the last time: `GetItem`, `TransactWriteItems`, … Each attempt counts.
    pub fn take(&self) -> Vec<String> {
        let mut record = self.record();
        record.cost = Cost::default();
        record.ended = 0;
        std::mem::take(&mut record.operations)
    }

    /// Returns the cost of the calls since the last time.
    pub fn take_cost(&self) -> Cost {
        let cost = std::mem::take(&mut self.record().cost);
        Cost { calls: self.take(), ..cost }
    }

    /// Runs a handler of this function, and fails the test if it did what the function's policy does not grant. `None` is
    /// a test's own handler, which needs no grant.
    pub async fn of_function<T>(
        &self,
        function: Option<&str>,
        handler: impl Future<Output = T>,
    ) -> T {
        self.record().handlers += 1;
        let outcome = handler.await;
        let done = {
            let mut record = self.record();
            record.handlers -= 1;
            std::mem::take(&mut record.accesses)
        };
        if let Some(function) = function {
            access::check(function, &done);
        }
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

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let round = self.record().ended + 1;
        bag.interceptor_state().store_put(Started { round, kind: Kind::Write });
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let body: Option<Value> =
            request.body().bytes().and_then(|body| serde_json::from_slice(body).ok());
        if let Some(Value::Object(mut body)) = body {
            body.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
            let body = Value::Object(body).to_string();
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let operation = operation(request);
        let body = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
        let kind = kind(operation, &body);
        let round = bag.load::<Started>().map_or(1, |started| started.round);
        bag.interceptor_state().store_put(Started { round, kind });
        let mut record = self.record();
        match kind {
            Kind::Row => record.cost.rows += 1,
            Kind::Read | Kind::Write => record.operations.push(operation.to_owned()),
        }
        if record.handlers > 0 {
            record.accesses.extend(Access::of_call(operation, &body));
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response().body().bytes().unwrap_or_default();
        let answer = serde_json::from_slice(answer).unwrap_or_default();
        let (units, of_rows) = (units(&answer), units_of_rows(&answer));
        let mut record = self.record();
        let cost = &mut record.cost;
        match bag.load::<Started>().map(|started| started.kind) {
            Some(Kind::Read) => cost.reads += units,
            Some(Kind::Write) => {
                cost.writes += units;
                cost.change_row_writes += of_rows;
            }
            Some(Kind::Row) => cost.row_writes += units,
            None => {}
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Started { round, kind }) = bag.load::<Started>() else { return Ok(()) };
        let mut record = self.record();
        match kind {
            Kind::Row => record.cost.row_round = record.cost.row_round.max(*round),
            Kind::Read | Kind::Write => {
                record.ended = record.ended.max(*round);
                record.cost.rounds = record.ended;
            }
        }
        Ok(())
    }
}

fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.strip_prefix(PREFIX).unwrap_or(target)
}

fn kind(operation: &str, body: &Value) -> Kind {
    if is_read(operation) {
        Kind::Read
    } else if operation == "PutItem" && body["TableName"] == AUDIT_TABLE_NAME {
        Kind::Row
    } else {
        Kind::Write
    }
}

/// Whether an operation of DynamoDB only reads.
pub fn is_read(operation: &str) -> bool {
    ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"].contains(&operation)
}

/// Returns the capacity units that an answer reports, of one table or of several.
pub fn units(answer: &Value) -> f64 {
    let of_table = |table: &Value| table.get("CapacityUnits").and_then(Value::as_f64);
    match answer.get("ConsumedCapacity") {
        Some(Value::Array(tables)) => tables.iter().filter_map(of_table).sum(),
        Some(table) => of_table(table).unwrap_or_default(),
        None => 0.0,
    }
}

/// Returns the capacity units of a transaction that its answer reports for the table of the audit trail.
fn units_of_rows(answer: &Value) -> f64 {
    let tables = answer.get("ConsumedCapacity").and_then(Value::as_array).into_iter().flatten();
    let of_rows = tables.filter(|table| table["TableName"] == AUDIT_TABLE_NAME);
    of_rows.filter_map(|table| table.get("CapacityUnits").and_then(Value::as_f64)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_rows_are_those_of_their_table() {
        let table = |name: &str, units: f64| json!({"TableName": name, "CapacityUnits": units});
        let answer = json!({"ConsumedCapacity": [table("a", 3.0), table(AUDIT_TABLE_NAME, 2.0)]});
        assert_eq!((units(&answer), units_of_rows(&answer)), (5.0, 2.0));
        assert_eq!(units_of_rows(&json!({"ConsumedCapacity": table("a", 3.0)})), 0.0);
    }

    #[test]
    fn units_of_several_tables_are_added_up() {
        let one = json!({ "ConsumedCapacity": { "TableName": "a", "CapacityUnits": 0.5 } });
        assert_eq!(units(&one), 0.5);
        let several = [json!({ "CapacityUnits": 0.5 }), json!({ "CapacityUnits": 2.0 })];
        assert_eq!(units(&json!({ "ConsumedCapacity": several })), 2.5);
        assert_eq!(units(&json!({})), 0.0);
    }
}
