//! From an event to its response: every error becomes a problem, every panic a 500, every request a log line.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lambda_http::http::{HeaderValue, Method, header};
use lambda_http::{Body, RequestExt, Response};

use crate::app::App;
use crate::cors;
use crate::error::ApiError;
use crate::log;
use crate::metrics::Metrics;
use crate::request::Request;
use crate::response::ApiResult;
use crate::response_policy::ResponsePolicy;
use crate::system::Clock;

/// The part of a function's time that is kept for writing the response.
const MARGIN: Duration = Duration::from_millis(500);

/// Browsers use only TLS for a year (RFC 6797). They ignore this without TLS, as under `cargo dev`. API Gateway's own
/// answers have the same: see template.yaml.
const ONLY_TLS: &str = "max-age=31536000";

/// The time for an answer when no deadline is known.
const DEFAULT_TIME: Duration = Duration::from_secs(25);

/// The future of a handler, without its own type.
pub type HandlerFuture = Pin<Box<dyn Future<Output = ApiResult> + Send>>;

/// A running function: a handler, and the policy for its responses.
#[derive(Clone)]
pub struct Endpoint {
    policy: Arc<ResponsePolicy>,
    clock: Clock,
    handler: Arc<dyn Fn(Request) -> HandlerFuture + Send + Sync>,
}

impl Endpoint {
    /// With a handler that takes the app.
    pub fn new(
        app: App,
        handler: impl Fn(App, Request) -> HandlerFuture + Send + Sync + 'static,
    ) -> Self {
        let policy = app.response_policy().clone();
        let system = app.system().clone();
        let clock = Arc::new(move || system.now());
        Self::without_app(policy, clock, move |request| handler(app.clone(), request))
    }

    /// With a handler that takes no app.
    pub fn without_app(
        policy: Arc<ResponsePolicy>,
        clock: Clock,
        handler: impl Fn(Request) -> HandlerFuture + Send + Sync + 'static,
    ) -> Self {
        Self { policy, clock, handler: Arc::new(handler) }
    }

    /// Answers one event. It never fails, and never takes longer than the function may.
    #[allow(
        clippy::disallowed_methods,
        reason = "measures a duration, and nothing depends on the date"
    )]
    pub async fn answer(&self, event: lambda_http::Request) -> Response<Body> {
        let Self { policy, clock, handler } = self;
        let started = Instant::now();
        let origins = policy.cors_origins();
        let origin = cors::permitted_origin(origins, event.headers());
        let context = event.lambda_context_ref();
        let (request_id, operation) = context
            .map(|context| (context.request_id.clone(), context.env_config.function_name.clone()))
            .unwrap_or_default();
        let time = context.map_or(DEFAULT_TIME, |context| time_left(context.deadline));
        let is_head = event.method() == Method::HEAD;
        let request = Request::new(event, started + time);
        let request = request.requiring_if_match(policy.requires_if_match());
        let witness = request.witness().clone();

        let (mut response, code, cause) = match within(time, handler(request)).await {
            Ok(answer) => (answer.response, None, None),
            Err(error) => {
                let cause = error.status().is_server_error().then(|| error.to_string());
                let code = error.code();
                (error.into_response(&request_id), Some(code), cause)
            }
        };
        let (now, status, is_cold_start) = (clock(), response.status(), policy.is_first_answer());
        let metrics = policy.metrics_namespace();
        let metrics = metrics.map(|namespace| Metrics::of(namespace, now, status, is_cold_start));
        log::Completed {
            timestamp: now,
            operation: &operation,
            request_id: &request_id,
            status: status.as_u16(),
            code,
            duration_ms: log::milliseconds(started.elapsed()),
            cause: cause.as_deref(),
            audit: witness.take(),
            metrics,
        }
        .write();
        let headers = response.headers_mut();
        if !origins.is_empty() {
            cors::permit(origin, headers);
        }
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
        if is_head {
            take_body(&mut response);
        }
        response
    }
}

/// Removes the body of the answer to a HEAD. The headers stay those of a GET, with the length of its body (RFC 9110,
/// 9.3.2).
fn take_body(response: &mut Response<Body>) {
    let length = match std::mem::take(response.body_mut()) {
        Body::Text(text) => text.len(),
        Body::Binary(bytes) => bytes.len(),
        _ => return,
    };
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
}

/// Runs a handler for at most this time.
async fn within(time: Duration, handler: HandlerFuture) -> ApiResult {
    // A task of its own, so that a panic ends the request and not the function.
    let mut task = tokio::spawn(handler);
    match tokio::time::timeout(time, &mut task).await {
        Ok(Ok(result)) => result,
        // The panic's message may hold anything; the log names its place.
        Ok(Err(_panic)) => Err(ApiError::internal("the handler panicked")),
        Err(_elapsed) => {
            // Every write is atomic, so stopping here leaves nothing half done.
            task.abort();
            Err(ApiError::unavailable("the function's time ran out"))
        }
    }
}

/// Returns the time until a deadline, in milliseconds since 1970. `cargo lambda watch` sends a moment of that year, and
/// tests send none: neither is a deadline.
#[allow(clippy::disallowed_methods, reason = "Lambda's deadline is a moment of the system's clock")]
fn time_left(deadline: u64) -> Duration {
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline);
    match deadline.duration_since(SystemTime::now()) {
        Ok(left) => left.saturating_sub(MARGIN),
        Err(_is_past) => DEFAULT_TIME,
    }
}
