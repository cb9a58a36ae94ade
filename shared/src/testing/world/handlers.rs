//! Handlers as functions serve them.

use std::sync::Arc;

use crate::access::{Action, Granted};
use crate::app::App;
use crate::config::Settings;
use crate::context::Context;
use crate::endpoint::HandlerFuture;
use crate::error::ApiError;
use crate::pipeline;
use crate::request::Request;
use crate::response::{Answer, ApiResult};
use crate::response_policy::ResponsePolicy;
use crate::targets::Target;

/// A handler behind the pipeline. [`protected`], [`public`] and [`without_app`] return one.
pub trait Handler: Fn(App, Request) -> HandlerFuture + Clone + Send + Sync + 'static {}

impl<H: Fn(App, Request) -> HandlerFuture + Clone + Send + Sync + 'static> Handler for H {}

/// Returns a handler as `serve` runs it.
pub fn protected<A, F>(handler: fn(Context, Granted<A>) -> F) -> impl Handler
where
    A: Action<Target: Target>,
    F: Future<Output = ApiResult> + Send + 'static,
{
    protected_with((), handler)
}

/// Returns a handler with settings, as `serve` runs it.
pub fn protected_with<A, S, F>(
    settings: S,
    handler: fn(Context<S>, Granted<A>) -> F,
) -> impl Handler
where
    A: Action<Target: Target>,
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    pipeline::protected(Arc::new(settings), handler)
}

/// Returns a handler as `serve_after` runs it.
pub fn protected_after<A, F, G>(
    first: fn(Context) -> G,
    handler: fn(Context, Granted<A>) -> F,
) -> impl Handler
where
    A: Action<Target: Target>,
    F: Future<Output = ApiResult> + Send + 'static,
    G: Future<Output = Result<Option<Answer>, ApiError>> + Send + 'static,
{
    pipeline::protected_after(Arc::new(()), first, handler)
}

/// Returns a handler as `serve_public` runs it.
pub fn public<F>(handler: fn(Context) -> F) -> impl Handler
where
    F: Future<Output = ApiResult> + Send + 'static,
{
    public_with((), handler)
}

/// Returns a handler with settings, as `serve_public` runs it.
pub fn public_with<S, F>(settings: S, handler: fn(Context<S>) -> F) -> impl Handler
where
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    pipeline::public(Arc::new(settings), None, handler)
}

/// Returns a handler with settings, as `serve_public_recorded` runs it.
pub fn public_recorded<S, F>(
    operation: &'static str,
    settings: S,
    handler: fn(Context<S>) -> F,
) -> impl Handler
where
    S: Settings,
    F: Future<Output = ApiResult> + Send + 'static,
{
    pipeline::public(Arc::new(settings), Some(operation), handler)
}

/// Returns a handler as `serve_static` runs it.
pub fn without_app<F>(handler: fn(Arc<ResponsePolicy>, Request) -> F) -> impl Handler
where
    F: Future<Output = ApiResult> + Send + 'static,
{
    move |app: App, request| {
        Box::pin(handler(app.response_policy().clone(), request)) as HandlerFuture
    }
}
