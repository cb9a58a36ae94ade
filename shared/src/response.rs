//! Answers: a response, and the patients and accounts whose data it discloses.

mod batch;
mod csv;

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

pub use self::batch::{assignments, transfers};
use self::csv::CsvRow;
use crate::access::View;
use crate::audit::{Disclosed, Subjects};
use crate::error::ApiError;
use crate::media_types::MediaTypes;
use crate::model::assignment::AssignmentView;
use crate::model::disclosure::Disclosure;
use crate::model::duplicate::Created;
use crate::model::page::Page;
use crate::model::record::{Details, Record};
use crate::model::user::{Account, User};
use crate::model::version::{Version, etag};
use crate::request::Request;

/// The result of a handler.
pub type ApiResult = Result<Answer, ApiError>;

/// A successful answer. Functions of this module make it of bodies that say whose data they disclose.
#[derive(Debug)]
pub struct Answer {
    pub(crate) response: Response<Body>,
    /// Whose data the body discloses.
    pub(crate) disclosed: Disclosed,
}

/// 200
pub fn ok(body: &(impl Serialize + Disclosure)) -> ApiResult {
    json(StatusCode::OK, body)
}

/// 201
pub fn created(body: &(impl Serialize + Disclosure)) -> ApiResult {
    json(StatusCode::CREATED, body)
}

/// 204
pub fn no_content() -> ApiResult {
    Ok(empty(StatusCode::NO_CONTENT))
}

/// 200 `{"message": …}`
pub fn message(message: &'static str) -> ApiResult {
    ok(&Message { message })
}

/// 202 `{"message": …}`
pub fn accepted(message: &'static str) -> ApiResult {
    json(StatusCode::ACCEPTED, &Message { message })
}

/// 202 with the body
pub fn accepted_body(body: &(impl Serialize + Disclosure)) -> ApiResult {
    json(StatusCode::ACCEPTED, body)
}

/// 204 to OPTIONS, with the methods of the path and the media types of its PATCH.
pub fn options(methods: &[&str]) -> ApiResult {
    let mut answer = empty(StatusCode::NO_CONTENT);
    let allow = HeaderValue::from_str(&methods.join(", ")).map_err(ApiError::internal)?;
    let headers = answer.response.headers_mut();
    headers.insert(header::ALLOW, allow);
    if methods.contains(&"PATCH") {
        MediaTypes::Patch.announce(headers);
    }
    Ok(answer)
}

/// 200 with the record, as the caller may see it, its `ETag`, and the media types of its PATCH.
pub fn record<D: Details>(record: &Record<D>, view: View) -> ApiResult {
    let mut answer = viewed(StatusCode::OK, record, view)?;
    MediaTypes::Patch.announce(answer.response.headers_mut());
    with_etag(record.version, answer)
}

/// 304 with the `ETag` of the version that the client has.
pub fn not_modified(version: Version) -> ApiResult {
    with_etag(version, empty(StatusCode::NOT_MODIFIED))
}

/// 201 with the record and its possible duplicates, as the caller may see them, and its `ETag`.
pub fn created_record<D: Details>(created: &Created<D>, view: View) -> ApiResult {
    with_etag(created.record.version, viewed(StatusCode::CREATED, created, view)?)
}

/// 200 with records, as the caller may see them.
pub fn records(body: &(impl Serialize + Disclosure), view: View) -> ApiResult {
    viewed(StatusCode::OK, body, view)
}

/// 200 with the account and its `ETag`.
pub fn account(user: User) -> ApiResult {
    with_etag(user.version, ok(&Account::from(user))?)
}

/// 200 with an assignment, its `ETag`, and the media types of its PATCH.
pub fn assignment(assignment: &AssignmentView) -> ApiResult {
    let mut answer = ok(assignment)?;
    MediaTypes::Patch.announce(answer.response.headers_mut());
    with_etag(assignment.terms.version, answer)
}

/// 200 `{"results": […], "next": "<cursor>" | null}`, as the caller may see it. `list` is the label under which the
/// request's cursor was read. The next one is sealed for the request's caller.
pub fn page<T, P>(request: &Request, list: &str, page: &Page<T, P>, view: View) -> ApiResult
where
    T: Serialize + Disclosure,
    P: Serialize,
{
    #[derive(Serialize)]
    struct Body<'a, T> {
        results: &'a [T],
        next: Option<String>,
    }
    let next = page.next.as_ref().map(|position| request.cursor(list, position)).transpose()?;
    let body = Body { results: &page.results, next };
    let text = view.write(&body).map_err(ApiError::internal)?;
    Ok(Answer { response: json_response(StatusCode::OK, text), disclosed: disclosed_by(page) })
}

/// As [`page`]; or the same page as CSV if the request prefers it. Then the next cursor is in the header `Next-Cursor`.
pub fn page_or_csv<T, P>(request: &Request, list: &str, page: &Page<T, P>, view: View) -> ApiResult
where
    T: Serialize + Disclosure + CsvRow,
    P: Serialize,
{
    if !csv::is_preferred(request.headers()) {
        return self::page(request, list, page, view);
    }
    let mut response = Response::new(Body::Text(csv::table(&page.results, view)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(csv::MEDIA_TYPE));
    if let Some(position) = &page.next {
        let cursor = request.cursor(list, position)?;
        let cursor = HeaderValue::from_str(&cursor).map_err(ApiError::internal)?;
        headers.insert(HeaderName::from_static("next-cursor"), cursor);
    }
    Ok(Answer { response, disclosed: disclosed_by(page) })
}

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

crate::discloses_no_patient!(Message);

fn viewed(status: StatusCode, body: &(impl Serialize + Disclosure), view: View) -> ApiResult {
    let text = view.write(body).map_err(ApiError::internal)?;
    Ok(Answer { response: json_response(status, text), disclosed: disclosed_by(body) })
}

fn with_etag(version: Version, mut answer: Answer) -> ApiResult {
    let etag = HeaderValue::from_str(&etag(version)).map_err(ApiError::internal)?;
    answer.response.headers_mut().insert(header::ETAG, etag);
    Ok(answer)
}

/// 200, which caches may keep for so many seconds.
pub fn cacheable(body: &(impl Serialize + Disclosure), seconds: u32) -> ApiResult {
    cached(ok(body)?, seconds)
}

/// 200 with a file, which caches may keep for so many seconds.
pub fn asset(media_type: &'static str, body: impl Into<String>, seconds: u32) -> ApiResult {
    let mut response = Response::new(Body::Text(body.into()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    cached(Answer { response, disclosed: Disclosed::default() }, seconds)
}

/// 200 with a web page, under this Content-Security-Policy.
pub fn html(body: &'static str, policy: &'static str, seconds: u32) -> ApiResult {
    let mut answer = asset("text/html; charset=utf-8", body, seconds)?;
    let headers = answer.response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(answer)
}

/// 308 to a location relative to the request's.
pub fn redirect(location: &'static str) -> ApiResult {
    let mut answer = empty(StatusCode::PERMANENT_REDIRECT);
    answer.response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(location));
    Ok(answer)
}

fn cached(mut answer: Answer, seconds: u32) -> ApiResult {
    let value = HeaderValue::from_str(&format!("public, max-age={seconds}"));
    let value = value.map_err(ApiError::internal)?;
    answer.response.headers_mut().insert(header::CACHE_CONTROL, value);
    Ok(answer)
}

fn json(status: StatusCode, body: &(impl Serialize + Disclosure)) -> ApiResult {
    let text = serde_json::to_string(body).map_err(ApiError::internal)?;
    Ok(Answer { response: json_response(status, text), disclosed: disclosed_by(body) })
}

/// Returns the patients and the accounts whose data a body discloses.
fn disclosed_by(body: &impl Disclosure) -> Disclosed {
    let subjects = Subjects {
        patients: body.patients().into_iter().collect(),
        accounts: body.accounts().into_iter().collect(),
        ..Subjects::default()
    };
    Disclosed { items: vec![subjects], ..Disclosed::default() }
}

fn json_response(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

fn empty(status: StatusCode) -> Answer {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    Answer { response, disclosed: Disclosed::default() }
}
