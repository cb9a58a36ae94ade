//! A Runtime API, which Lambda provides to a function: it returns one event to each poll and receives the answers.

#![allow(clippy::expect_used, reason = "a panic fails the test")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::wire::Message;

/// The beginning of every path.
const VERSION: &str = "/2018-06-01/runtime/";

/// The time that a function has for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// The maximum silence of a function: longer than [`ANSWER_TIME`].
const MAX_SILENCE: Duration = Duration::from_secs(90);

/// A Runtime API for one function. It stops when it is dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    events: UnboundedSender<String>,
    reports: UnboundedReceiver<Report>,
    server: JoinHandle<()>,
}

/// The answer of a function to an event.
#[derive(Debug)]
pub struct Reply {
    /// An API's response: `statusCode`, `headers`, `body`.
    pub body: Value,
    /// The moment of its arrival.
    pub at: Instant,
}

/// The reason why a function did not poll or answer as expected.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeApiError {
    #[error("the function reports an error: {0}")]
    Failed(String),
    #[error("the function was silent for {} seconds", MAX_SILENCE.as_secs())]
    Silent,
}

/// A request of the function.
#[derive(Debug)]
enum Report {
    Polled(Instant),
    Answered(Reply),
    Failed(String),
}

/// The state that all connections share.
struct Queue {
    events: Mutex<UnboundedReceiver<String>>,
    reports: UnboundedSender<Report>,
    delivered: AtomicUsize,
}

impl RuntimeApi {
    /// Starts a Runtime API within the running tokio runtime.
    ///
    /// # Errors
    /// No port of 127.0.0.1 is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (events, queued) = unbounded_channel();
        let (sender, reports) = unbounded_channel();
        let queue =
            Queue { events: Mutex::new(queued), reports: sender, delivered: AtomicUsize::new(0) };
        let queue = Arc::new(queue);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, queue.clone()));
            }
        });
        Ok(Self { address, events, reports, server })
    }

    /// Returns the address, as an `AWS_LAMBDA_RUNTIME_API`: `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Puts an event at the end of the queue.
    pub fn send(&self, event: &Value) {
        // Fails only after the server and all connections have ended. Then no function could answer the event.
        let _ = self.events.send(event.to_string());
    }

    /// Waits for the function's next poll for an event, and returns the moment of its arrival.
    ///
    /// # Errors
    /// The function fails, or does not poll for too long.
    pub async fn polled(&mut self) -> Result<Instant, RuntimeApiError> {
        loop {
            if let Report::Polled(at) = self.next().await? {
                return Ok(at);
            }
        }
    }

    /// Waits for the function's next answer, and returns it.
    ///
    /// # Errors
    /// The function fails, or does not answer for too long.
    pub async fn answered(&mut self) -> Result<Reply, RuntimeApiError> {
        loop {
            if let Report::Answered(reply) = self.next().await? {
                return Ok(reply);
            }
        }
    }

    async fn next(&mut self) -> Result<Report, RuntimeApiError> {
        match timeout(MAX_SILENCE, self.reports.recv()).await {
            Ok(Some(Report::Failed(error))) => Err(RuntimeApiError::Failed(error)),
            Ok(Some(report)) => Ok(report),
            Ok(None) | Err(_) => Err(RuntimeApiError::Silent),
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Serves one connection, which the function reuses for all its requests.
async fn serve(stream: TcpStream, queue: Arc<Queue>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let request = Message::read(&mut stream).await?;
        let at = now();
        let Some(path) = path(&request) else { return Ok(()) };
        let answer = if path == "invocation/next" {
            let _ = queue.reports.send(Report::Polled(at));
            match queue.events.lock().await.recv().await {
                Some(event) => queue.invocation(event),
                None => return Ok(()),
            }
        } else {
            let _ = queue.reports.send(report(&path, &request.body, at));
            Message::json(202, "")
        };
        stream.write_all(&answer.into_next()).await?;
    }
}

impl Queue {
    fn invocation(&self, event: String) -> Message {
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        let mut message = Message::json(200, &event);
        message.head.extend([
            format!("lambda-runtime-aws-request-id: request-{number}\r\n"),
            format!("lambda-runtime-deadline-ms: {}\r\n", deadline()),
            "lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:1:function:f\r\n"
                .to_owned(),
            "lambda-runtime-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793\r\n".to_owned(),
        ]);
        message
    }
}

/// Returns the part of the path after the version.
fn path(request: &Message) -> Option<String> {
    let line = request.head.first()?;
    line.split(' ').nth(1)?.strip_prefix(VERSION).map(str::to_owned)
}

/// Returns the report that a POST contains.
fn report(path: &str, body: &[u8], at: Instant) -> Report {
    match serde_json::from_slice(body) {
        Ok(body) if path.ends_with("/response") => Report::Answered(Reply { body, at }),
        _ => Report::Failed(String::from_utf8_lossy(body).into_owned()),
    }
}

#[allow(clippy::disallowed_methods, reason = "measures elapsed time")]
fn now() -> Instant {
    Instant::now()
}

/// Returns the deadline of an event that is delivered now, in milliseconds since 1970.
#[allow(clippy::disallowed_methods, reason = "Lambda's deadline is a moment of the system's clock")]
fn deadline() -> u128 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("a date after 1970");
    (since_1970 + ANSWER_TIME).as_millis()
}
