//! A gateway in front of `cargo lambda watch` that does what API Gateway does with unusual requests, and limits the
//! number of simultaneous ones: when more than about a hundred wait for one function, `cargo lambda watch` stops
//! answering for good.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::uri::{Authority, PathAndQuery, Scheme, Uri};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ops::Result;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::port::Port;

/// The limit of simultaneous requests. The queue of `cargo lambda watch` for one function holds 100.
const MOST_AT_ONCE: usize = 96;

/// The largest body that API Gateway accepts.
const MAX_BODY: usize = 10 * 1024 * 1024;

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A running gateway. Dropping it ends it.
pub struct Gateway(JoinHandle<()>);

#[derive(Clone)]
struct Target {
    client: Client<HttpConnector, Body>,
    authority: Authority,
    free: Arc<Semaphore>,
}

/// The answers of the gateway itself, as in `GatewayResponses` of template.yaml.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    BadRequest,
    TooLarge,
    Unavailable,
}

impl Gateway {
    /// Accepts requests at `port` and forwards them to the port `inner`.
    pub fn serve(port: Port, inner: u16) -> Result<Self> {
        let listener = port.into_listener();
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        // Otherwise the second part of a message may wait for the acknowledgement of the first part.
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let target = Target {
            client: Client::builder(TokioExecutor::new()).build(connector),
            authority: format!("127.0.0.1:{inner}").parse()?,
            free: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        };
        let router = Router::new().fallback(answer).with_state(target);
        Ok(Self(tokio::spawn(async {
            // Ends only with the task: a broken connection does not end the server.
            let _ = axum::serve(listener, router).await;
        })))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn answer(State(target): State<Target>, request: Request) -> Response {
    match forward(target, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn forward(target: Target, request: Request) -> std::result::Result<Response, Refusal> {
    let _permit = target.free.acquire().await.map_err(|_closed| Refusal::Unavailable)?;
    let mut request = as_text(request).await?;
    let path = request.uri().path_and_query().cloned();
    let uri = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(target.authority)
        .path_and_query(path.unwrap_or(PathAndQuery::from_static("/")))
        .build();
    *request.uri_mut() = uri.map_err(|_invalid| Refusal::BadRequest)?;
    match target.client.request(request).await {
        // A function's own 500 is a problem. Any other is of `cargo lambda watch`, whose output has the reason.
        Ok(response) if response.status().is_server_error() && !is_problem(response.headers()) => {
            Err(Refusal::Unavailable)
        }
        Ok(response) => Ok(response.map(Body::new)),
        Err(_broken) => Err(Refusal::Unavailable),
    }
}

/// Makes the request one of text, as API Gateway does without binary media types: bytes that are not UTF-8, such as those of a
/// compressed body, become U+FFFD, and the function refuses what is not JSON. `cargo lambda watch` would answer a
/// bare 500. It cannot pass on a header that is not ASCII, so that is a 400 here.
async fn as_text(request: Request) -> std::result::Result<Request, Refusal> {
    let (mut parts, body) = request.into_parts();
    if parts.headers.values().any(|value| value.to_str().is_err()) {
        return Err(Refusal::BadRequest);
    }
    let bytes = to_bytes(body, MAX_BODY).await.map_err(|_error| Refusal::TooLarge)?;
    let text = match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text),
    };
    // The client sets the length again.
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::TRANSFER_ENCODING);
    let body = text.map_or_else(|| Body::from(bytes), Body::from);
    Ok(Request::from_parts(parts, body))
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| *value == PROBLEM)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let (status, code, detail) = match self {
            Self::BadRequest => {
                (StatusCode::BAD_REQUEST, "bad_request", "The request is not valid.")
            }
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                "A request body may have at most 64 KiB.",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service is busy; try again shortly.",
            ),
        };
        let problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "code": code,
            "detail": detail,
            "request_id": format!("gateway-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
        });
        let mut response = (status, problem.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests;
