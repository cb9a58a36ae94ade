//! A proxy in front of DynamoDB, at which calls fail as a test says.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use repo::template::AUDIT_TABLE_NAME;
use shared::App;
use shared::testing::wire::Message;
use shared::testing::{Value, World, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

/// The fate of a call.
#[derive(Debug, Clone)]
pub enum Step {
    /// It has its effect and its answer.
    Pass,
    /// As [`Step::Pass`], once this many calls have arrived.
    Together(Arc<Barrier>),
    /// The connection is closed before the call has an effect.
    Refuse,
    /// It has its effect, and the connection is closed without an answer.
    LoseReply,
    /// It has no effect, and gets no answer.
    Hang,
    /// It has its effect, and gets no answer.
    HangAfter,
    /// It has no effect, and this answer.
    Answer(u16, Value),
    /// It has its effect, and this answer in place of its own.
    AnswerAfter(u16, Value),
}

/// A call, as it arrives.
pub struct Call {
    /// From 0, in the order of their arrival since the rule was set.
    pub number: usize,
    operation: String,
    body: String,
}

type Rule = Arc<dyn Fn(&Call) -> Step + Send + Sync>;

/// A proxy in front of a world's DynamoDB.
pub struct Proxy {
    rule: Arc<Mutex<Rule>>,
    calls: Arc<AtomicUsize>,
}

impl Call {
    /// Whether it puts a row of the trail by itself.
    pub fn is_row(&self) -> bool {
        self.operation == "PutItem" && self.has_row()
    }

    /// Whether it is a transaction with a row of the trail.
    pub fn is_change(&self) -> bool {
        self.operation == "TransactWriteItems" && self.has_row()
    }

    /// Whether it puts a row of the trail, alone or with a change.
    pub fn has_row(&self) -> bool {
        self.body.contains(&format!("\"{AUDIT_TABLE_NAME}\""))
    }
}

impl Proxy {
    /// Starts a proxy at which every call passes. Returns it with the app of another process, whose calls it gets.
    pub async fn before(world: &World) -> (Self, App) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let app = world.app_at(format!("http://{}", listener.local_addr().unwrap()));
        let server = world.endpoint().trim_start_matches("http://").to_owned();
        let pass: Rule = Arc::new(|_: &Call| Step::Pass);
        let (rule, calls) = (Arc::new(Mutex::new(pass)), Arc::new(AtomicUsize::new(0)));
        let proxy = Self { rule: rule.clone(), calls: calls.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(one_call(stream, server.clone(), rule.clone(), calls.clone()));
            }
        });
        (proxy, app)
    }

    /// Sets the fate of the next calls.
    pub fn set(&self, rule: impl Fn(&Call) -> Step + Send + Sync + 'static) {
        let rule: Rule = Arc::new(rule);
        *self.rule.lock().unwrap_or_else(PoisonError::into_inner) = rule;
        self.calls.store(0, Ordering::Relaxed);
    }

    /// Lets every call pass.
    pub fn heal(&self) {
        self.set(|_| Step::Pass);
    }

    /// Returns the number of calls since the rule was set.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

/// The answer of a transaction that is cancelled, because its row fails for this reason.
pub fn cancelled(reason: &str) -> Step {
    let reasons = json!([{"Code": "None"}, {"Code": reason}]);
    let kind = "TransactionCanceledException";
    Step::Answer(400, json!({"__type": kind, "Message": "", "CancellationReasons": reasons}))
}

/// The answer of a call that the client does not repeat.
pub fn final_error() -> (u16, Value) {
    (400, json!({"__type": "ValidationException", "message": "made up"}))
}

async fn one_call(
    stream: TcpStream,
    server: String,
    rule: Arc<Mutex<Rule>>,
    calls: Arc<AtomicUsize>,
) {
    let mut client = BufReader::new(stream);
    let Ok(request) = Message::read(&mut client).await else { return };
    let call = Call {
        number: calls.fetch_add(1, Ordering::Relaxed),
        operation: request.operation().unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&request.body).into_owned(),
    };
    let rule = rule.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let answer = match rule(&call) {
        Step::Pass => request.ask(&server).await.ok(),
        Step::Together(all) => {
            all.wait().await;
            request.ask(&server).await.ok()
        }
        Step::Refuse => None,
        Step::LoseReply => request.ask(&server).await.ok().and(None),
        Step::Hang => pending().await,
        Step::HangAfter => {
            request.ask(&server).await.unwrap_or_else(|error| panic!("no answer: {error}"));
            pending().await
        }
        Step::Answer(status, body) => Some(Message::answer(status, &body)),
        Step::AnswerAfter(status, body) => {
            request.ask(&server).await.ok().map(|_| Message::answer(status, &body))
        }
    };
    if let Some(answer) = answer {
        // The client may have closed the connection.
        let _ = client.write_all(&answer.into_last()).await;
    }
}
