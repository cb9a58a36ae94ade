//! A DynamoDB that fails: a proxy to a real one, at which one call fails, or every call.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::wire::Message;

/// A way in which a call can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed before the call reaches DynamoDB.
    Refused,
    /// No reply arrives for longer than an attempt may take.
    Stalled,
    /// 500 `InternalServerError`
    Broken,
    /// 400 `ThrottlingException`
    Throttled,
    /// A write conflicts with a concurrent transaction. A read fails with 500.
    Conflict,
    /// DynamoDB executes the call, but no reply arrives.
    ReplyLost,
    /// DynamoDB executes the call, but the end of the reply is missing.
    ReplyCut,
    /// The refusal of a condition does not have the item, as in older emulators.
    ItemWithheld,
}

impl Fault {
    /// Those of DynamoDB itself.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::Stalled,
        Self::Broken,
        Self::Throttled,
        Self::Conflict,
        Self::ReplyLost,
        Self::ReplyCut,
    ];
}

/// The delay of [`Fault::Stalled`]: longer than an attempt may take.
const SILENCE: Duration = Duration::from_secs(3);

/// The calls that fail. Calls are numbered from 0 in the order of their arrival.
#[derive(Debug, Clone, Copy)]
pub enum When {
    Once(usize),
    Always,
}

/// Starts a proxy to the DynamoDB at `endpoint`, and returns the proxy's endpoint.
pub async fn before(endpoint: &str, when: When, fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = format!("http://{}", listener.local_addr().expect("an address"));
    let server = endpoint.trim_start_matches("http://").to_owned();
    let calls = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(one_call(stream, server.clone(), calls.clone(), when, fault));
        }
    });
    proxy
}

async fn one_call(
    stream: TcpStream,
    server: String,
    calls: Arc<AtomicUsize>,
    when: When,
    fault: Fault,
) {
    let mut client = BufReader::new(stream);
    let Ok(request) = Message::read(&mut client).await else { return };
    let number = calls.fetch_add(1, Ordering::Relaxed);
    let must_fail = match when {
        When::Once(chosen) => chosen == number,
        When::Always => true,
    };
    let answer = if must_fail {
        failed(request, &server, fault).await
    } else {
        request.ask(&server).await.ok().map(Message::into_last)
    };
    if let Some(answer) = answer {
        // The client may have closed the connection.
        let _ = client.write_all(&answer).await;
    }
}

/// Returns the bytes that the client receives: none, an error, or an incomplete reply.
async fn failed(request: Message, server: &str, fault: Fault) -> Option<Vec<u8>> {
    match fault {
        Fault::Refused => None,
        Fault::Stalled => {
            sleep(SILENCE).await;
            None
        }
        Fault::Broken => Some(Message::error(500, "InternalServerError").into_last()),
        Fault::Throttled => Some(Message::error(400, "ThrottlingException").into_last()),
        Fault::Conflict => Some(conflict(&request).into_last()),
        Fault::ReplyLost => {
            request.ask(server).await.ok()?;
            None
        }
        Fault::ReplyCut => {
            let mut answer = request.ask(server).await.ok()?.into_last();
            answer.truncate(answer.len() - 1);
            Some(answer)
        }
        Fault::ItemWithheld => {
            let answer = request.ask(server).await.ok()?;
            Some(without_item(answer).into_last())
        }
    }
}

fn without_item(mut answer: Message) -> Message {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
    let is_refusal = |kind: &str| kind.ends_with("ConditionalCheckFailedException");
    if !body["__type"].as_str().is_some_and(is_refusal) {
        return answer;
    }
    if let Some(body) = body.as_object_mut() {
        body.remove("Item");
    }
    answer.head.retain(|line| !line.to_lowercase().starts_with("x-amz-crc32:"));
    answer.with_body(body.to_string().into_bytes())
}

fn conflict(request: &Message) -> Message {
    match request.operation() {
        Some("TransactWriteItems") => Message::answer(
            400,
            &json!({
                "__type": "TransactionCanceledException",
                "Message": "made up",
                "CancellationReasons": [{"Code": "TransactionConflict"}],
            }),
        ),
        Some("PutItem" | "UpdateItem" | "DeleteItem") => {
            Message::error(400, "TransactionConflictException")
        }
        _ => Message::error(500, "InternalServerError"),
    }
}
