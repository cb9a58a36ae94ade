//! Lambda's side of a function: a Runtime API that hands one event to each poll and takes the answers.

#![allow(clippy::expect_used, reason = "that is how a test fails")]

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

/// What every path begins with.
const VERSION: &str = "/2018-06-01/runtime/";

/// The time that a function has for an answer.
const TIME: Duration = Duration::from_secs(30);

/// How long a function may be silent: longer than it has for an answer.
const PATIENCE: Duration = Duration::from_secs(90);

/// A Runtime API for one function. It ends when this is dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    events: UnboundedSender<String>,
    news: UnboundedReceiver<News>,
    server: JoinHandle<()>,
}

/// What a function made of an event.
#[derive(Debug)]
pub struct Reply {
    /// An API's response: `statusCode`, `headers`, `body`.
    pub body: Value,
    /// When it had arrived.
    pub at: Instant,
}

/// Why a function did not do what was expected of it.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeApiError {
    #[error("the function reports an error: {0}")]
    Failed(String),
    #[error("the function was silent for {} seconds", PATIENCE.as_secs())]
    Silent,
}

#[derive(Debug)]
enum News {
    Polled(Instant),
    Answered(Reply),
    Failed(String),
}

/// What all connections share.
struct Queue {
    events: Mutex<UnboundedReceiver<String>>,
    news: UnboundedSender<News>,
    handed_out: AtomicUsize,
}

impl RuntimeApi {
    /// # Errors
    /// No port of 127.0.0.1 is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (events, queued) = unbounded_channel();
        let (tell, news) = unbounded_channel();
        let queue =
            Queue { events: Mutex::new(queued), news: tell, handed_out: AtomicUsize::new(0) };
        let queue = Arc::new(queue);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, queue.clone()));
            }
        });
        Ok(Self { address, events, news, server })
    }

    /// Where it is, as an `AWS_LAMBDA_RUNTIME_API`: `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Puts an event at the end of the queue.
    pub fn send(&self, event: &Value) {
        // Nobody takes it once the last connection is gone, and then there is nobody to answer it.
        let _ = self.events.send(event.to_string());
    }

    /// When the function asked for an event, for the first time since the last such question.
    ///
    /// # Errors
    /// It fails, or does not ask for too long.
    pub async fn polled(&mut self) -> Result<Instant, RuntimeApiError> {
        loop {
            if let News::Polled(at) = self.next().await? {
                return Ok(at);
            }
        }
    }

    /// The next answer.
    ///
    /// # Errors
    /// The function fails, or does not answer for too long.
    pub async fn answered(&mut self) -> Result<Reply, RuntimeApiError> {
        loop {
            if let News::Answered(reply) = self.next().await? {
                return Ok(reply);
            }
        }
    }

    async fn next(&mut self) -> Result<News, RuntimeApiError> {
        match timeout(PATIENCE, self.news.recv()).await {
            Ok(Some(News::Failed(error))) => Err(RuntimeApiError::Failed(error)),
            Ok(Some(news)) => Ok(news),
            Ok(None) | Err(_) => Err(RuntimeApiError::Silent),
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// One connection, which the function uses again and again.
async fn serve(stream: TcpStream, queue: Arc<Queue>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let request = Message::read(&mut stream).await?;
        let at = now();
        let Some(path) = path(&request) else { return Ok(()) };
        let answer = if path == "invocation/next" {
            let _ = queue.news.send(News::Polled(at));
            match queue.events.lock().await.recv().await {
                Some(event) => queue.invocation(event),
                None => return Ok(()),
            }
        } else {
            let _ = queue.news.send(outcome(&path, &request.body, at));
            Message::json(202, "")
        };
        stream.write_all(&answer.into_next()).await?;
    }
}

impl Queue {
    fn invocation(&self, event: String) -> Message {
        let number = self.handed_out.fetch_add(1, Ordering::Relaxed);
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

/// What follows the version in the path.
fn path(request: &Message) -> Option<String> {
    let line = request.head.first()?;
    line.split(' ').nth(1)?.strip_prefix(VERSION).map(str::to_owned)
}

/// What a POST says.
fn outcome(path: &str, body: &[u8], at: Instant) -> News {
    match serde_json::from_slice(body) {
        Ok(body) if path.ends_with("/response") => News::Answered(Reply { body, at }),
        _ => News::Failed(String::from_utf8_lossy(body).into_owned()),
    }
}

#[allow(clippy::disallowed_methods, reason = "measures a span")]
fn now() -> Instant {
    Instant::now()
}

/// In milliseconds since 1970.
#[allow(clippy::disallowed_methods, reason = "Lambda's deadline is a moment of the system's clock")]
fn deadline() -> u128 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("a date after 1970");
    (since_1970 + TIME).as_millis()
}
