//! Which pages may call the API from a browser (the Fetch Standard's CORS protocol). None, unless origins
//! are configured.

use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use lambda_http::http::{HeaderMap, HeaderValue, Method};

use crate::edge::Edge;
use crate::error::ApiResult;
use crate::request::Request;
use crate::response;

/// What a page may see of an answer besides its body and type. The gateway renames the last one in the cloud.
const EXPOSED: &str = "ETag, Retry-After, WWW-Authenticate, x-amzn-Remapped-WWW-Authenticate";

/// What a page may send. No cookies: they are not looked at.
const ACCEPTED: &str = "Authorization, Content-Type, If-Match, Idempotency-Key";

/// Seconds for which a browser need not ask again; more than two hours it does not keep.
const KEPT: &str = "7200";

/// The request's origin, if its pages may call the API.
pub fn permitted_origin(origins: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    origins
        .iter()
        .any(|permitted| permitted.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}

/// Tells the browser that a page of this origin may see the answer.
pub fn permit(origin: Option<HeaderValue>, answer: &mut HeaderMap) {
    answer.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}

/// Whether a browser asks, on behalf of a page that may call the API, what it may send.
pub fn is_preflight(edge: &Edge, request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        && permitted_origin(edge.cors_origins(), request.headers()).is_some()
}

/// 204: these methods, and the headers that the API reads.
pub fn preflight(methods: &[&str]) -> ApiResult {
    let mut answer = response::no_content()?;
    let headers = answer.headers_mut();
    if let Ok(methods) = HeaderValue::from_str(&methods.join(", ")) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ACCEPTED));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(KEPT));
    Ok(answer)
}
