//! CORS (Fetch Standard): which web pages may call the API. None, unless origins are configured.

use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use lambda_http::http::{HeaderMap, HeaderValue, Method};

use crate::request::Request;
use crate::response::{self, ApiResult};
use crate::response_policy::ResponsePolicy;

/// The headers of an answer that a web page may read. The gateway renames the last one in the cloud.
const EXPOSED: &str = "Accept-Patch, ETag, Next-Cursor, Retry-After, WWW-Authenticate, \
                       x-amzn-Remapped-WWW-Authenticate";

/// The headers that a web page may send. Cookies are not read.
const ACCEPTED: &str = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key";

/// How long a browser may keep the answer, in seconds. Browsers keep it for two hours at most.
const KEPT: &str = "7200";

/// Returns the request's origin if its web pages may call the API.
pub fn permitted_origin(origins: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    origins
        .iter()
        .any(|permitted| permitted.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}

/// Lets web pages of this origin read the answer.
pub fn permit(origin: Option<HeaderValue>, answer: &mut HeaderMap) {
    answer.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}

/// Whether it is the preflight request of a web page that may call the API.
pub fn is_preflight(policy: &ResponsePolicy, request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        && permitted_origin(policy.cors_origins(), request.headers()).is_some()
}

/// Answers a preflight request: as another OPTIONS, and with the headers that the API reads.
pub fn preflight(methods: &[&str]) -> ApiResult {
    let mut answer = response::options(methods)?;
    let headers = answer.response.headers_mut();
    if let Ok(methods) = HeaderValue::from_str(&methods.join(", ")) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ACCEPTED));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(KEPT));
    Ok(answer)
}
