//! Starting a function: from its handler to an [`Endpoint`], and from Lambda's events to that.

use std::future::{Future, ready};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use lambda_http::http::header;
use lambda_http::lambda_runtime::{self, LambdaEvent, Service};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Context, Error, IntoResponse, Response, service_fn};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::permission::Permission;
use crate::auth::token::{self, Verified};
use crate::config::{self, Config, ConfigError};
use crate::edge::Edge;
use crate::endpoint::{Endpoint, Reply};
use crate::error::{ApiError, ApiResult};
use crate::log;
use crate::model::timestamp::Timestamp;
use crate::request::Request;
use crate::table::{Items, Lookup, Unread, Wanted};

/// Handlers whose own types are gone, so that what stands around them is compiled once, in this crate, and not for each
/// function anew.
type ForAnyone = Box<dyn Fn(App, Request) -> Reply + Send + Sync>;
type ForCallers = Arc<dyn Fn(App, Caller, Request) -> Reply + Send + Sync>;
type ForPermitted =
    Arc<dyn Fn(App, Request) -> Pin<Box<dyn Future<Output = Listed> + Send>> + Send + Sync>;

/// Runs a function whose callers must be signed in. Returns only when the function cannot start.
pub fn serve<H, F>(handler: H) -> ExitCode
where
    H: Fn(App, Caller, Request) -> F + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start(Box::pin(primed(Box::new(signed_in(handler)))))
}

/// What a request named and what was found of it, or why it named nothing.
pub type Named<T> = Result<(<T as Lookup>::Name, T), ApiError>;

/// As [`serve`], for a handler that needs something which the request names, such as the record of its path. That is
/// read in the call that reads the caller's account and session, and costs none of its own. The handler gets it
/// whatever the caller may do: it asks for the permission before it looks.
pub fn serve_reading<T, H, F>(
    name: fn(&Request) -> Result<T::Name, ApiError>,
    handler: H,
) -> ExitCode
where
    T: Lookup,
    H: Fn(App, Caller, Named<T>, Request) -> F + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start(Box::pin(primed(Box::new(reading(name, handler)))))
}

/// As [`serve`], for a list of which the table says first what is in it. All who call need `permission`. The list is
/// found for nobody else, but for somebody who had it when this process last answered them it is found at once; what is
/// still to be read of it is then read in the call that reads their account and session.
pub fn serve_list<H, F>(permission: Permission, handler: H) -> ExitCode
where
    H: Fn(App, Request) -> F + Send + Sync + 'static,
    F: Future<Output = Listed> + Send + 'static,
{
    start(Box::pin(primed(Box::new(listing(permission, handler)))))
}

/// A list that has been found and is to be read, and answered with.
pub type Listed = Result<Unread<ApiResult>, ApiError>;

/// As [`serve`], with settings of the function's own.
pub fn serve_with<S, H, F>(settings: fn() -> Result<S, ConfigError>, handler: H) -> ExitCode
where
    S: Send + Sync + 'static,
    H: Fn(App, Arc<S>, Caller, Request) -> F + Send + Sync + 'static,
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
    H: Fn(App, Request) -> F + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start(Box::pin(unprimed(Box::new(public(handler)))))
}

/// Runs a function that anyone may call and that answers out of itself. It knows no table, nor does its binary
/// carry what it takes to ask one. Returns only when the function cannot start.
pub fn serve_static<H, F>(handler: H) -> ExitCode
where
    H: Fn(Arc<Edge>, Request) -> F + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    start(Box::pin(async {
        let edge = Arc::new(Edge::new(config::Edge::from_env(), Box::new(Timestamp::system)));
        let of_handler = edge.clone();
        let handler = move |request| Box::pin(handler(of_handler.clone(), request)) as Reply;
        Ok(Endpoint::of(edge, handler))
    }))
}

/// As [`serve_public`], with settings of the function's own.
pub fn serve_public_with<S, H, F>(settings: fn() -> Result<S, ConfigError>, handler: H) -> ExitCode
where
    S: Send + Sync + 'static,
    H: Fn(App, Arc<S>, Request) -> F + Send + Sync + 'static,
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
    H: Fn(App, Arc<S>, E) -> F + Send + Sync + 'static,
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
    H: Fn(App, Caller, Request) -> F + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    let handler: ForCallers =
        Arc::new(move |app, caller, request| Box::pin(handler(app, caller, request)));
    move |app, request| Box::pin(authenticated(handler.clone(), app, request))
}

async fn authenticated(handler: ForCallers, app: App, request: Request) -> ApiResult {
    let verified = token::of_request(&app, &request).await?;
    let (caller, _) = Caller::with(&app, verified, Wanted::default()).await?;
    handler(app, caller, request).await
}

/// Puts the caller, authenticated, and what the request names in front of a handler.
pub fn reading<T, H, F>(
    name: fn(&Request) -> Result<T::Name, ApiError>,
    handler: H,
) -> impl Fn(App, Request) -> Reply + Clone + Send + Sync + 'static
where
    T: Lookup,
    H: Fn(App, Caller, Named<T>, Request) -> F + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    let handler = Arc::new(handler);
    move |app, request| {
        let handler = handler.clone();
        Box::pin(async move {
            let verified = token::of_request(&app, &request).await?;
            let name = name(&request);
            let keys = name.as_ref().map_or_else(|_| Vec::new(), T::keys);
            let (caller, mut items) = Caller::with(&app, verified, Wanted::whole(keys)).await?;
            let named = match name {
                Ok(name) => T::take(&name, &mut items).map(|found| Ok((name, found)))?,
                Err(problem) => Err(problem),
            };
            handler(app, caller, named, request).await
        })
    }
}

/// Puts the caller, authenticated and permitted, in front of a list.
pub fn listing<H, F>(
    permission: Permission,
    handler: H,
) -> impl Fn(App, Request) -> Reply + Clone + Send + Sync + 'static
where
    H: Fn(App, Request) -> F + Send + Sync + 'static,
    F: Future<Output = Listed> + Send + 'static,
{
    let handler: ForPermitted = Arc::new(move |app, request| Box::pin(handler(app, request)));
    move |app, request| Box::pin(permitted(permission, handler.clone(), app, request))
}

async fn permitted(
    permission: Permission,
    handler: ForPermitted,
    app: App,
    request: Request,
) -> ApiResult {
    let verified = token::of_request(&app, &request).await?;
    if !app.admitted().take(verified.user_id) {
        admit(&app, verified, permission, Wanted::default()).await?;
        let list = handler(app.clone(), request).await?;
        return app.table().read(list).await?;
    }
    // What becomes of it, be it a failure, is nobody's business before the caller is known.
    let list = handler(app.clone(), request).await;
    let (wanted, make) = match list.map(Unread::parts) {
        Ok((wanted, make)) => (wanted, Ok(make)),
        Err(problem) => (Wanted::default(), Err(problem)),
    };
    let items = admit(&app, verified, permission, wanted).await?;
    make?(items)?
}

/// Reads the caller, and what else is wanted; whoever has the permission is admitted.
async fn admit(
    app: &App,
    verified: Verified,
    permission: Permission,
    wanted: Wanted,
) -> Result<Items, ApiError> {
    let (caller, items) = Caller::with(app, verified, wanted).await?;
    caller.must(permission)?;
    app.admitted().admit(caller.id());
    Ok(items)
}

/// A handler for anyone.
pub fn public<H, F>(handler: H) -> impl Fn(App, Request) -> Reply + Clone + Send + Sync + 'static
where
    H: Fn(App, Request) -> F + Send + Sync + 'static,
    F: Future<Output = ApiResult> + Send + 'static,
{
    let handler = Arc::new(handler);
    move |app, request| Box::pin(handler(app, request))
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

async fn primed(handler: ForAnyone) -> Result<Endpoint, Error> {
    let config = Config::from_env()?;
    let primes = config.primes;
    let app = App::new(config);
    // Lambda gives a starting function a whole processor; a failure shows at the first request.
    if primes && let Err(error) = app.keyring().refresh(&app).await {
        tracing::warn!(%error, "the token keys cannot be read yet");
    }
    Ok(Endpoint::new(app, handler))
}

async fn unprimed(handler: ForAnyone) -> Result<Endpoint, Error> {
    Ok(Endpoint::new(App::new(Config::from_env()?), handler))
}

fn start(prepared: Pin<Box<dyn Future<Output = Result<Endpoint, Error>>>>) -> ExitCode {
    run(async || {
        let endpoint = prepared.await?;
        let adapter = Adapter::from(service_fn(move |event| {
            let endpoint = endpoint.clone();
            async move { Ok::<_, Error>(Ready(endpoint.answer(event).await)) }
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
