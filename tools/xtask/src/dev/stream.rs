//! The stream of the audit trail's table: passes new rows to `audit-archive` through `cargo lambda watch`, as DynamoDB
//! Streams and Lambda do in the cloud. So the views of the trail and the archive come into being here, too.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ops::http::{TIMEOUT, agent_for};
use ops::{Result, ui};
use repo::template::AUDIT_TABLE_NAME;
use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use super::invocation::{TIME_TO_BUILD, invoke};

/// How often to look for new rows.
const POLL: Duration = Duration::from_secs(1);

/// The most records in one invocation, as in the template.
const RECORDS: u32 = 100;

/// The time for one invocation: the function's own limit is a minute.
const PATIENCE: Duration = TIME_TO_BUILD.saturating_add(Duration::from_secs(60));

/// The function that takes the records.
const FUNCTION: &str = "audit-archive";

/// The form of a signature, without one.
const NO_SIGNATURE: &str = "AWS4-HMAC-SHA256 \
    Credential=local/20260131/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none";

/// A stream that is being read. Dropping it ends that.
pub struct Stream(JoinHandle<()>);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Stream {
    /// Reads the stream of the embedded DynamoDB at `endpoint`, and invokes the function of the `cargo lambda watch` at
    /// this port. The file `position` keeps the number of the last record that is done.
    pub fn start(endpoint: String, port: u16, position: PathBuf, log: &Path) -> Self {
        let log = log.display().to_string();
        Self(tokio::spawn(async move {
            let mut reader = Reader { endpoint, port, position, iterator: None };
            loop {
                if let Err(problem) = reader.step().await {
                    ui::warning(format!("{FUNCTION} failed: {problem}; see {log}"));
                    // Begins again after the last record that is done.
                    reader.iterator = None;
                }
                sleep(POLL).await;
            }
        }))
    }
}

struct Reader {
    endpoint: String,
    port: u16,
    position: PathBuf,
    iterator: Option<String>,
}

impl Reader {
    /// Passes on the records that are new.
    async fn step(&mut self) -> Result {
        loop {
            let iterator = match self.iterator.take() {
                Some(iterator) => iterator,
                None => self.iterator().await?,
            };
            let request = json!({"ShardIterator": iterator, "Limit": RECORDS});
            let answer = self.call("GetRecords", request).await?;
            let records = answer.get("Records").and_then(Value::as_array);
            let Some((records, last)) = records.and_then(|it| Some((it, it.last()?))) else {
                self.iterator = text(&answer, "/NextShardIterator").ok();
                return Ok(());
            };
            let rows: Vec<&Value> = records.iter().filter(|record| is_of_chain(record)).collect();
            if !rows.is_empty() {
                let event = json!({"Records": rows}).to_string();
                invoke(self.port, FUNCTION, event.into_bytes(), PATIENCE).await?;
            }
            fs::write(&self.position, text(last, "/dynamodb/SequenceNumber")?)?;
            self.iterator = text(&answer, "/NextShardIterator").ok();
        }
    }

    /// Returns the iterator after the last record that is done.
    async fn iterator(&self) -> Result<String> {
        let table = self.call("DescribeTable", json!({"TableName": AUDIT_TABLE_NAME})).await?;
        let arn = text(&table, "/Table/LatestStreamArn")?;
        let stream = self.call("DescribeStream", json!({"StreamArn": arn})).await?;
        // The embedded DynamoDB has one shard for each stream.
        let shard = text(&stream, "/StreamDescription/Shards/0/ShardId")?;
        let request = match fs::read_to_string(&self.position) {
            Ok(number) => json!({
                "StreamArn": arn,
                "ShardId": shard,
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "SequenceNumber": number,
            }),
            Err(_no_record_is_done) => json!({
                "StreamArn": arn,
                "ShardId": shard,
                "ShardIteratorType": "TRIM_HORIZON",
            }),
        };
        text(&self.call("GetShardIterator", request).await?, "/ShardIterator")
    }

    /// Calls the embedded DynamoDB, which wants to see a signature and does not check it.
    async fn call(&self, operation: &str, request: Value) -> Result<Value> {
        let prefix = match operation {
            "DescribeTable" => "DynamoDB_20120810",
            _ => "DynamoDBStreams_20120810",
        };
        let (endpoint, target) = (self.endpoint.clone(), format!("{prefix}.{operation}"));
        let called = move || -> Result<Value> {
            let call = agent_for(&endpoint, TIMEOUT)
                .post(&endpoint)
                .header("content-type", "application/x-amz-json-1.0")
                .header("authorization", NO_SIGNATURE)
                .header("x-amz-date", "20260131T000000Z")
                .header("x-amz-target", &target);
            let mut answer = call.send(request.to_string())?;
            let text = answer.body_mut().read_to_string()?;
            match answer.status().as_u16() {
                200 => Ok(serde_json::from_str(&text)?),
                status => Err(format!("{target} was answered {status}: {text}").into()),
            }
        };
        spawn_blocking(called).await?
    }
}

/// Whether a record is about a row of a chain, and not of a view: the filter of the event source in the template.
fn is_of_chain(record: &Value) -> bool {
    text(record, "/dynamodb/Keys/pk/S").is_ok_and(|pk| pk.starts_with("CHAIN#"))
}

/// Returns the text at a place in an answer.
fn text(answer: &Value, place: &str) -> Result<String> {
    let text = answer.pointer(place).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| format!("the answer of the stream lacks {place}").into())
}
