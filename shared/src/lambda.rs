//! Entry points: start a function, take Lambda's events in, give responses out.
//!
//! An endpoint is protected by the pipeline unless it says `serve_public` or `serve_static`; `serve_after` leaves some
//! of its requests to another check.

use std::future::{Future, ready};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use lambda_http::http::header;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, IntoResponse, Response};
use lambda_runtime::{Context as LambdaContext, Error, LambdaEvent, Service, service_fn};
use serde::de::DeserializeOwned;

use crate::access::{Action, Granted};
use crate::app::App;
use crate::config::{Config, Responses, Settings};
use crate::context::Context;
use crate::endpoint::{Endpoint, HandlerFuture};
use crate::error::ApiError;
use crate::log;
use crate::model::timestamp::Timestamp;
use crate::pipeline;
use crate::request::Request;
use crate::response::{Answer, ApiResult};
use crate::response_policy::ResponsePolicy;
use crate::targets::Target;

/// A handler without its own types, so that the code around it is compiled once, in this crate, and not again for each
/// function.
type Handler = Box<dyn Fn(App, Request) -> HandlerFuture + Send + Sync>;

/// Runs a function whose callers need a decision. Returns only when the function cannot start.
pub fn serve<A, S, F>(handler: fn(Context<S>, Granted<A>) -> F) -> ExitCode
where
    A: Action<Target: Target>,
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    match S::from_env() {
        Ok(settings) => {
            start(Box::new(pipeline::protected(Arc::new(settings), handler)), Some(prime))
        }
        Err(error) => stop(&error),
    }
}

/// Runs a function whose callers need a decision, except for requests that `first` answers: they carry their own proof
/// of what they may do. Returns only when the function cannot start.
pub fn serve_after<A, S, F, G>(
    first: fn(Context<S>) -> G,
    handler: fn(Context<S>, Granted<A>) -> F,
) -> ExitCode
where
    A: Action<Target: Target>,
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
    G: Future<Output = Result<Option<Answer>, ApiError>> + Send + 'static,
{
    match S::from_env() {
        Ok(settings) => {
            let handler = pipeline::protected_after(Arc::new(settings), first, handler);
            start(Box::new(handler), Some(prime))
        }
        Err(error) => stop(&error),
    }
}

/// Runs a function that anyone may call. Returns only when the function cannot start.
pub fn serve_public<S, F>(handler: fn(Context<S>) -> F) -> ExitCode
where
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start_public(None, handler)
}

/// Runs a function that anyone may call and that changes accounts: the audit trail records its changes, and the logins
/// that it refuses, under the function's name. Returns only when the function cannot start.
pub fn serve_public_recorded<S, F>(
    operation: &'static str,
    handler: fn(Context<S>) -> F,
) -> ExitCode
where
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start_public(Some(operation), handler)
}

fn start_public<S, F>(operation: Option<&'static str>, handler: fn(Context<S>) -> F) -> ExitCode
where
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    match S::from_env() {
        Ok(settings) => {
            start(Box::new(pipeline::public(Arc::new(settings), operation, handler)), None)
        }
        Err(error) => stop(&error),
    }
}

/// Runs a function that anyone may call and that needs no table; its binary carries no client of one. Returns only when
/// the function cannot start.
pub fn serve_static<F>(handler: fn(Arc<ResponsePolicy>, Request) -> F) -> ExitCode
where
    F: Future<Output = ApiResult> + Send + 'static,
{
    run(async || {
        let policy = Arc::new(ResponsePolicy::new(Responses::from_env()));
        let of_handler = policy.clone();
        let handler =
            move |request| Box::pin(handler(of_handler.clone(), request)) as HandlerFuture;
        serve_endpoint(Endpoint::without_app(policy, Arc::new(Timestamp::system), handler)).await
    })
}

/// Runs a function that another service than the API invokes, with events of its own kind. Failures are logged, and
/// reported to the invoker. Returns only when the function cannot start.
pub fn serve_event<S, E, F>(handler: fn(App, Arc<S>, E) -> F) -> ExitCode
where
    S: Settings,
    E: DeserializeOwned + Send + 'static,
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    run(async || {
        let settings = Arc::new(S::from_env()?);
        let app = App::new(Config::from_env()?);
        lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| {
            let LambdaContext { request_id, .. } = event.context;
            let done = handler(app.clone(), settings.clone(), event.payload);
            async move {
                let outcome = done.await;
                match &outcome {
                    Ok(()) => tracing::info!(request_id, "completed"),
                    Err(cause) => tracing::error!(request_id, %cause, "failed"),
                }
                outcome
            }
        }))
        .await
    })
}

/// The work of a starting function. A public function has none, so its binary does not carry it.
type Prime = fn(App) -> Pin<Box<dyn Future<Output = ()>>>;

/// Reads the token keys, which also opens a connection to DynamoDB, and a second one at the same time: the row of a read
/// is put beside the read. Lambda gives a starting function a whole processor. A failure shows at the first request.
fn prime(app: App) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        let (store, now) = (app.store(), app.now());
        let second = store.signing_keys();
        let (read, _second) = tokio::join!(app.verifier().read_keys(store, now), second.read(now));
        if let Err(error) = read {
            tracing::warn!(%error, "the token keys cannot be read yet");
        }
    })
}

fn start(handler: Handler, prime: Option<Prime>) -> ExitCode {
    run(async || {
        let config = Config::from_env()?;
        let prime = prime.filter(|_| config.primes);
        let app = App::new(config);
        if let Some(prime) = prime {
            prime(app.clone()).await;
        }
        serve_endpoint(Endpoint::new(app, handler)).await
    })
}

async fn serve_endpoint(endpoint: Endpoint) -> Result<(), Error> {
    let adapter = Adapter::from(service_fn(move |event| {
        let endpoint = endpoint.clone();
        async move { Ok::<_, Error>(Ready(endpoint.answer(event).await)) }
    }));
    lambda_runtime::run_concurrent(service_fn(move |mut event: LambdaEvent<LambdaRequest>| {
        forget_origin(&mut event.payload);
        adapter.clone().call(event)
    }))
    .await
}

/// Removes the headers that name a host and a scheme. `lambda_http` makes a URL of them, and panics when it is
/// malformed; no function reads that URL.
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

/// A response whose body is final. `lambda_http` would read any other body again, in the character set that its headers
/// name, and every function would carry the tables of all character sets for that.
struct Ready(Response<Body>);

impl IntoResponse for Ready {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
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
    fn malformed_host_and_scheme_do_not_panic() {
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
