//! A DynamoDB that fails: a proxy in front of a real one, at which one call goes wrong, or all do.

#![allow(clippy::expect_used, reason = "that is how a test fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::wire::Message;

/// What may happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed before the call is heard.
    Refused,
    /// Nothing is heard for longer than an attempt may take.
    Stalled,
    /// 500 `InternalServerError`
    Broken,
    /// 400 `ThrottlingException`
    Throttled,
    /// A write loses against a concurrent transaction; of a read, 500.
    Conflict,
    /// It is done, and nobody learns of it.
    ReplyLost,
    /// It is done, and half of the reply arrives.
    ReplyCut,
}

impl Fault {
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

/// Longer than an attempt may take.
const SILENCE: Duration = Duration::from_secs(3);

/// Which calls go wrong, counted from 0 in the order in which they come.
#[derive(Debug, Clone, Copy)]
pub enum When {
    Once(usize),
    Always,
}

/// A proxy to the DynamoDB at `endpoint`; gives its own.
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
    let is_to_fail = match when {
        When::Once(chosen) => chosen == number,
        When::Always => true,
    };
    let answer = if is_to_fail {
        failed(request, &server, fault).await
    } else {
        request.ask(&server).await.ok().map(Message::into_last)
    };
    if let Some(answer) = answer {
        // Whoever asked may have given up.
        let _ = client.write_all(&answer).await;
    }
}

/// What the client gets to read: nothing, an error, or half of the truth.
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
    }
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
