//! A proxy to DynamoDB that records calls and the units that they consume.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use ops::Result;
use serde_json::{Value, json};
use shared::testing::calls::{is_read, units};
use shared::testing::wire::Message;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running recorder. Dropping it ends it.
pub struct Recorder {
    endpoint: String,
    calls: Calls,
    server: JoinHandle<()>,
}

/// One call to DynamoDB.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// For example `GetItem`.
    pub operation: String,
    /// The consumed units of read or write capacity.
    pub units: f64,
}

type Calls = Arc<Mutex<Vec<Call>>>;

impl Recorder {
    /// Starts one in front of the DynamoDB at this endpoint.
    pub async fn before(endpoint: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let own = format!("http://{}", listener.local_addr()?);
        let server = endpoint.trim_start_matches("http://").to_owned();
        let calls = Calls::default();
        let record = calls.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, record) = (server.clone(), record.clone());
                // The client may have closed the connection.
                tokio::spawn(async move { one_call(stream, &server, &record).await.ok() });
            }
        });
        Ok(Self { endpoint: own, calls, server })
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the calls since the last time.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Call {
    pub fn is_read(&self) -> bool {
        is_read(&self.operation)
    }
}

async fn one_call(stream: TcpStream, server: &str, calls: &Calls) -> Result {
    let mut client = BufReader::new(stream);
    let request = Message::read(&mut client).await?;
    let operation = request.operation().unwrap_or_default().to_owned();
    let mut body: Value = serde_json::from_slice(&request.body)?;
    if let Some(body) = body.as_object_mut() {
        body.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    }
    let answer = request.with_body(body.to_string().into_bytes()).ask(server).await?;
    let units = units(&serde_json::from_slice(&answer.body)?);
    // Before the answer is sent, so that a client with the answer finds its call here.
    calls.lock().unwrap_or_else(PoisonError::into_inner).push(Call { operation, units });
    client.write_all(&answer.into_last()).await?;
    Ok(())
}
