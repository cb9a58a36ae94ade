//! The answers that handlers give.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::error::{ApiError, ApiResult};
use crate::model::page::Page;
use crate::model::record::{Details, Record};
use crate::model::user::{Account, User};
use crate::model::version::{Version, etag};
use crate::request::cursor;

/// 200
pub fn ok(body: &impl Serialize) -> ApiResult {
    json(StatusCode::OK, body)
}

/// 201
pub fn created(body: &impl Serialize) -> ApiResult {
    json(StatusCode::CREATED, body)
}

/// 204
pub fn no_content() -> ApiResult {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// 200 `{"message": …}`
pub fn message(message: &str) -> ApiResult {
    ok(&serde_json::json!({ "message": message }))
}

/// 202 `{"message": …}`
pub fn accepted(message: &str) -> ApiResult {
    json(StatusCode::ACCEPTED, &serde_json::json!({ "message": message }))
}

/// 200 with the record and its `ETag`.
pub fn record<D: Details>(record: &Record<D>) -> ApiResult {
    with_etag(record.version, ok(record)?)
}

/// 201 with the record and its `ETag`.
pub fn created_record<D: Details>(record: &Record<D>) -> ApiResult {
    with_etag(record.version, created(record)?)
}

/// 200 with the account and its `ETag`.
pub fn account(user: User) -> ApiResult {
    with_etag(user.version, ok(&Account::from(user))?)
}

/// 200 `{"results": […], "next": "<cursor>" | null}`. `list` is the name under which the request's
/// cursor was read.
pub fn page<T: Serialize, P: Serialize>(list: &str, page: &Page<T, P>) -> ApiResult {
    #[derive(Serialize)]
    struct Body<'a, T> {
        results: &'a [T],
        next: Option<String>,
    }
    let next = page.next.as_ref().map(|position| cursor(list, position)).transpose()?;
    ok(&Body { results: &page.results, next })
}

fn with_etag(version: Version, mut response: Response<Body>) -> ApiResult {
    let etag = HeaderValue::from_str(&etag(version)).map_err(ApiError::internal)?;
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

/// 200, which caches may keep for so many seconds.
pub fn cacheable(body: &impl Serialize, seconds: u32) -> ApiResult {
    cached(ok(body)?, seconds)
}

/// 200 with a file, which caches may keep for so many seconds.
pub fn asset(media_type: &'static str, body: &'static str, seconds: u32) -> ApiResult {
    let mut response = Response::new(Body::Text(body.to_owned()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    cached(response, seconds)
}

/// As [`asset`], a page that may do what this Content-Security-Policy lets it.
pub fn html(body: &'static str, policy: &'static str, seconds: u32) -> ApiResult {
    let mut response = asset("text/html; charset=utf-8", body, seconds)?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// 308 to a place that is told relative to the request's.
pub fn redirect(location: &'static str) -> ApiResult {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(location));
    Ok(response)
}

fn cached(mut response: Response<Body>, seconds: u32) -> ApiResult {
    let value = HeaderValue::from_str(&format!("public, max-age={seconds}"));
    let value = value.map_err(ApiError::internal)?;
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    Ok(response)
}

fn json(status: StatusCode, body: &impl Serialize) -> ApiResult {
    let body = serde_json::to_string(body).map_err(ApiError::internal)?;
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}
