//! From a Lambda event to a response: starting a function, knowing the caller, and the edge at which
//! every error becomes an answer and every request a log line.

use std::future::{Future, ready};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lambda_http::http::{HeaderValue, header};
use lambda_http::lambda_runtime::{self, LambdaEvent, Service};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Context, Error, IntoResponse, RequestExt, Response, service_fn};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth::caller::Caller;
use crate::config::{self, Config, ConfigError};
use crate::cors;
use crate::edge::Edge;
use crate::error::{ApiError, ApiResult};
use crate::log;
use crate::metrics::Metrics;
use crate::model::timestamp::Timestamp;
use crate::request::Request;

/// What is left of a function's time for writing the answer.
const MARGIN: Duration = Duration::from_millis(500);

/// The time for an answer where no deadline is known.
const DEFAULT_TIME: Duration = Duration::from_secs(25);

/// What a handler, made ready, gives.
pub type Reply = Pin<Box<dyn Future<Output = ApiResult> + Send>>;

/// Runs a function whose callers must be signed in. Returns only when the function cannot start.
pub fn serve<H, F>(handler: H) -> ExitCode
where
    H: Fn(App, Caller, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start(async || {
        let config = Config::from_env()?;
        let primes = config.primes;
        let app = App::new(config);
        // Lambda gives a starting function a whole processor; a failure shows at the first request.
        if primes && let Err(error) = app.keyring().refresh(&app).await {
            tracing::warn!(%error, "the token keys cannot be read yet");
        }
        Ok((app.edge().clone(), with_app(app, signed_in(handler))))
    })
}

/// As [`serve`], with settings of the function's own.
pub fn serve_with<S, H, F>(settings: fn() -> Result<S, ConfigError>, handler: H) -> ExitCode
where
    S: Send + Sync + 'static,
    H: Fn(App, Arc<S>, Caller, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    match settings().map(Arc::new) {
        Ok(settings) => {
            serve(move |app, caller, request| handler(app, settings.clone(), caller, request))
        }
        Err(error) => stop(&error),
    }
}

/// Runs a function that anyone may call. Returns only when the function cannot start.
pub fn serve_public<H, F>(handler: H) -> ExitCode
where
    H: Fn(App, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start(async || {
        let app = App::new(Config::from_env()?);
        Ok((app.edge().clone(), with_app(app, public(handler))))
    })
}

/// Runs a function that anyone may call and that answers out of itself. It knows no table, nor does its binary
/// carry what it takes to ask one. Returns only when the function cannot start.
pub fn serve_static<H, F>(handler: H) -> ExitCode
where
    H: Fn(Arc<Edge>, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start(async || {
        let edge = Arc::new(Edge::new(config::Edge::from_env(), Box::new(Timestamp::system)));
        let of_handler = edge.clone();
        Ok((edge, move |request| Box::pin(handler(of_handler.clone(), request)) as Reply))
    })
}

/// As [`serve_public`], with settings of the function's own.
pub fn serve_public_with<S, H, F>(settings: fn() -> Result<S, ConfigError>, handler: H) -> ExitCode
where
    S: Send + Sync + 'static,
    H: Fn(App, Arc<S>, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    match settings().map(Arc::new) {
        Ok(settings) => serve_public(move |app, request| handler(app, settings.clone(), request)),
        Err(error) => stop(&error),
    }
}

/// Runs a function that something else than the API invokes, with events of a kind of its own. What
/// fails is logged and reported to whoever invoked it. Returns only when the function cannot start.
pub fn serve_event<S, E, H, F>(settings: fn() -> Result<S, ConfigError>, handler: H) -> ExitCode
where
    S: Send + Sync + 'static,
    E: DeserializeOwned + Send + 'static,
    H: Fn(App, Arc<S>, E) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    run(async || {
        let settings = Arc::new(settings()?);
        let app = App::new(Config::from_env()?);
        lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| {
            let Context { request_id, env_config, .. } = event.context;
            let done = handler(app.clone(), settings.clone(), event.payload);
            async move {
                let operation = &env_config.function_name;
                let outcome = done.await;
                match &outcome {
                    Ok(()) => tracing::info!(operation, request_id, "completed"),
                    Err(cause) => tracing::error!(operation, request_id, %cause, "failed"),
                }
                outcome
            }
        }))
        .await
    })
}

/// Puts the caller, authenticated, in front of a handler.
pub fn signed_in<H, F>(handler: H) -> impl Fn(App, Request) -> Reply + Clone + Send + Sync + 'static
where
    H: Fn(App, Caller, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    move |app, request| {
        let handler = handler.clone();
        Box::pin(async move {
            let caller = Caller::authenticate(&app, &request).await?;
            handler(app, caller, request).await
        })
    }
}

/// A handler for anyone.
pub fn public<H, F>(handler: H) -> impl Fn(App, Request) -> Reply + Clone + Send + Sync + 'static
where
    H: Fn(App, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    move |app, request| Box::pin(handler(app, request))
}

/// A handler with the app that it takes.
pub fn with_app<H: Fn(App, Request) -> Reply + Clone>(
    app: App,
    handler: H,
) -> impl Fn(Request) -> Reply + Clone + use<H> {
    move |request| handler(app.clone(), request)
}

/// Answers one event: never fails, and never takes longer than the function may.
#[allow(clippy::disallowed_methods, reason = "measures a span, and nothing depends on the date")]
pub async fn answer<H>(edge: &Edge, handler: H, event: lambda_http::Request) -> Response<Body>
where
    H: FnOnce(Request) -> Reply,
{
    let started = Instant::now();
    let origins = edge.cors_origins();
    let origin = cors::permitted_origin(origins, event.headers());
    let context = event.lambda_context_ref();
    let (request_id, operation) = context
        .map(|context| (context.request_id.clone(), context.env_config.function_name.clone()))
        .unwrap_or_default();
    let time = context.map_or(DEFAULT_TIME, |context| time_left(context.deadline));
    let request = Request::new(event, started + time);

    // A task of its own, so that a panic ends the request and not the function.
    let mut task = tokio::spawn(handler(request));
    let result = match tokio::time::timeout(time, &mut task).await {
        Ok(Ok(result)) => result,
        // The panic's message may hold anything; the log has its place.
        Ok(Err(_panic)) => Err(ApiError::internal("the handler panicked")),
        Err(_elapsed) => {
            // Every write is atomic, so that stopping here leaves nothing half done.
            task.abort();
            Err(ApiError::unavailable("the function's time ran out"))
        }
    };

    let (mut response, code, cause) = match result {
        Ok(response) => (response, None, None),
        Err(error) => {
            let cause = error.status().is_server_error().then(|| error.to_string());
            let code = error.code();
            (error.into_response(&request_id), Some(code), cause)
        }
    };
    let (now, status, is_cold_start) = (edge.now(), response.status(), edge.is_first_answer());
    let metrics = edge.metrics_namespace();
    let metrics = metrics.map(|namespace| Metrics::of(namespace, now, status, is_cold_start));
    log::Completed {
        timestamp: now,
        operation: &operation,
        request_id: &request_id,
        status: status.as_u16(),
        code,
        duration_ms: log::milliseconds(started.elapsed()),
        cause: cause.as_deref(),
        metrics,
    }
    .write();
    let headers = response.headers_mut();
    if !origins.is_empty() {
        cors::permit(origin, headers);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The time until a deadline, in milliseconds since 1970. `cargo lambda watch` sends a moment of that
/// year, and tests send none: there is no deadline then.
#[allow(clippy::disallowed_methods, reason = "Lambda's deadline is a moment of the system's clock")]
fn time_left(deadline: u64) -> Duration {
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline);
    match deadline.duration_since(SystemTime::now()) {
        Ok(left) => left.saturating_sub(MARGIN),
        Err(_is_past) => DEFAULT_TIME,
    }
}

/// Takes away the headers in which a client says what host and scheme it means. `lambda_http` makes a URL
/// of them and panics when it is none; no function looks at that URL.
fn forget_origin(event: &mut LambdaRequest) {
    let headers = match event {
        LambdaRequest::ApiGatewayV1(event) => {
            [Some(&mut event.headers), Some(&mut event.multi_value_headers)]
        }
        LambdaRequest::ApiGatewayV2(event) => [Some(&mut event.headers), None],
        _ => [None, None],
    };
    for headers in headers.into_iter().flatten() {
        headers.remove(header::HOST);
        headers.remove("x-forwarded-proto");
    }
}

/// A response whose body is what it is. `lambda_http` would read any other body anew, in the character set that its
/// headers name, and every function would carry the tables of all character sets for that.
struct Ready(Response<Body>);

impl IntoResponse for Ready {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}

fn start<H>(prepare: impl AsyncFnOnce() -> Result<(Arc<Edge>, H), Error>) -> ExitCode
where
    H: Fn(Request) -> Reply + Clone + Send + Sync + 'static,
{
    run(async || {
        let (edge, handler) = prepare().await?;
        let adapter = Adapter::from(service_fn(move |event| {
            let (edge, handler) = (edge.clone(), handler.clone());
            async move { Ok::<_, Error>(Ready(answer(&edge, handler, event).await)) }
        }));
        lambda_runtime::run_concurrent(service_fn(move |mut event: LambdaEvent<LambdaRequest>| {
            forget_origin(&mut event.payload);
            adapter.clone().call(event)
        }))
        .await
    })
}

fn run(function: impl AsyncFnOnce() -> Result<(), Error>) -> ExitCode {
    log::init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return stop(&error),
    };
    match runtime.block_on(function()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => stop(error.as_ref()),
    }
}

/// Ends a function that cannot start, with a log line that says why.
fn stop(error: &dyn std::error::Error) -> ExitCode {
    log::init();
    tracing::error!(cause = %error, "the function cannot start");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_is_none_and_a_scheme_that_is_none_are_no_panic() {
        let event = include_str!("../../events/health.json");
        let event = event.replace("api.example.com", "a b").replace("\"https\"", "\"a b\"");
        let mut event: LambdaRequest = serde_json::from_str(&event).unwrap();
        forget_origin(&mut event);
        if let LambdaRequest::ApiGatewayV1(event) = &mut event {
            event.request_context.domain_name = Some("api.example.com".to_owned());
        }
        let request: lambda_http::Request = event.into();
        assert_eq!(request.uri().host(), Some("api.example.com"));
    }
}
