//! A request as handlers see it: its parts are parsed, or answered with a 4xx that names what is wrong.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deserr::Deserr;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::{HeaderMap, Method, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};
use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;
use crate::model::address::SourceAddress;
use crate::model::date::Date;
use crate::model::field::{self, FieldErrors, JsonObject};
use crate::model::id::{Id, UserId};
use crate::model::idempotency::{IdempotencyKey, InvalidRequestKey};
use crate::model::page::Paging;
use crate::model::record::{Details, Edit};
use crate::model::session::UserAgent;
use crate::model::text::fold;
use crate::model::version::IfMatch;
use crate::table::is_list_position;

/// The largest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

const DEFAULT_LIMIT: i32 = 50;
const MAX_LIMIT: i32 = 100;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// No cursor of ours is longer, in characters.
const MAX_CURSOR: usize = 2048;

/// No name is longer than what a search may hold, in bytes when folded.
const MAX_SEARCH: usize = 200;

/// One step of a long task, two calls to DynamoDB, fits into this unless they are retried for long; then
/// the deadline ends the request, and the task goes on with the next one all the same.
const ONE_STEP: Duration = Duration::from_secs(8);

pub struct Request {
    event: lambda_http::Request,
    query: QueryMap,
    deadline: Instant,
}

impl Request {
    /// `deadline` is when the answer must be on its way.
    pub fn new(event: lambda_http::Request, deadline: Instant) -> Self {
        let query = event.query_string_parameters();
        Self { event, query, deadline }
    }

    pub fn method(&self) -> &Method {
        self.event.method()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.event.headers()
    }

    pub fn path(&self) -> &str {
        self.event.raw_http_path()
    }

    /// Whether too little time is left for one more step of a long task.
    #[allow(
        clippy::disallowed_methods,
        reason = "measures a span, and nothing depends on the date"
    )]
    pub fn is_late(&self) -> bool {
        self.deadline.saturating_duration_since(Instant::now()) < ONE_STEP
    }

    /// An id in the path. What is no id names nothing: 404.
    pub fn path_id<I: FromStr>(&self, name: &str, kind: &str) -> Result<I, ApiError> {
        let parameters = self.event.path_parameters();
        let id = parameters.first(name).and_then(|text| text.parse().ok());
        id.ok_or_else(|| ApiError::not_found(format!("{kind} with this id")))
    }

    /// The id of the doctor or patient that the path is about.
    pub fn record_id<D: Details>(&self) -> Result<D::Id, ApiError> {
        self.path_id("id", D::KIND)
    }

    /// The body as a value of this type, or every problem of it at once.
    pub fn json<T: Deserr<FieldErrors>>(&self) -> Result<T, ApiError> {
        self.json_with(|_, _| ())
    }

    /// As [`Request::json`]; no body at all stands for an empty object.
    pub fn json_or_empty<T: Deserr<FieldErrors>>(&self) -> Result<T, ApiError> {
        let object = if self.body().is_empty() { JsonObject::new() } else { self.object()? };
        field::parse(object, |_, _| ()).map_err(ApiError::InvalidBody)
    }

    /// As [`Request::json`], with rules that reach beyond one field; see [`field::parse`].
    pub fn json_with<T: Deserr<FieldErrors>>(
        &self,
        check: impl FnOnce(&JsonObject, &mut FieldErrors),
    ) -> Result<T, ApiError> {
        field::parse(self.object()?, check).map_err(ApiError::InvalidBody)
    }

    /// The body as the details of a doctor or a patient.
    pub fn details<D: Details>(&self, today: Date) -> Result<D, ApiError> {
        D::parse(self.object()?, today).map_err(ApiError::InvalidBody)
    }

    /// PUT replaces all details, PATCH those it names.
    pub fn edit<D: Details>(&self, today: Date) -> Result<Edit<D>, ApiError> {
        if self.method() == Method::PATCH {
            self.object().map(Edit::Merge)
        } else {
            self.details(today).map(Edit::Replace)
        }
    }

    pub fn if_match(&self) -> IfMatch {
        match self.event.headers().get(header::IF_MATCH) {
            // What is not ASCII is no tag of ours.
            Some(value) => IfMatch::parse(Some(value.to_str().unwrap_or_default())),
            None => IfMatch::parse(None),
        }
    }

    /// `Idempotency-Key`, as `caller` means it.
    pub fn idempotency_key(&self, caller: UserId) -> Result<Option<IdempotencyKey>, ApiError> {
        let Some(value) = self.event.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
        match value.to_str().unwrap_or_default().parse() {
            Ok(key) => Ok(Some(IdempotencyKey { caller, key })),
            Err(InvalidRequestKey) => {
                let errors = FieldErrors::one(IDEMPOTENCY_KEY, InvalidRequestKey.to_string());
                Err(ApiError::InvalidHeader(errors))
            }
        }
    }

    /// `?limit=` and `?cursor=`. `list` names the list that the cursor must come from.
    pub fn paging<P: DeserializeOwned>(&self, list: &str) -> Result<Paging<P>, ApiError> {
        self.paging_where(list, |_| true)
    }

    /// As [`Request::paging`], with a test that tells whether the list can have such a position.
    pub fn paging_where<P: DeserializeOwned>(
        &self,
        list: &str,
        is_possible: impl FnOnce(&P) -> bool,
    ) -> Result<Paging<P>, ApiError> {
        let mut errors = FieldErrors::default();
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        let limit = self.query.first("limit");
        let limit = match limit.map(|text| text.parse().ok().filter(|_| digits(text))) {
            None => DEFAULT_LIMIT,
            Some(Some(limit @ 1..=MAX_LIMIT)) => limit,
            Some(_) => {
                errors.add("limit", format!("must be an integer from 1 to {MAX_LIMIT}"));
                DEFAULT_LIMIT
            }
        };
        let after = self.query.first("cursor").and_then(|cursor| {
            let position = position(list, cursor).filter(is_possible);
            if position.is_none() {
                errors.add("cursor", "must be the next of an earlier page of this list");
            }
            position
        });
        errors.or(Paging { limit, after }).map_err(ApiError::InvalidQuery)
    }

    /// `?search=`, folded; empty if there is none.
    fn search(&self) -> Result<String, ApiError> {
        let search = fold(self.query.first("search").unwrap_or_default().trim());
        if search.len() > MAX_SEARCH || search.chars().any(char::is_control) {
            let errors = FieldErrors::one("search", "must be the beginning of a name");
            return Err(ApiError::InvalidQuery(errors));
        }
        Ok(search)
    }

    /// `?search=`, `?limit=` and `?cursor=` of a list in the order of names; `name` is the list's own.
    pub fn name_list<I: Id>(&self, name: &str) -> Result<NameList, ApiError> {
        let prefix = self.search()?;
        let list = format!("{name} {prefix}");
        let is_possible = |position: &String| is_list_position::<I>(&prefix, position);
        let paging = self.paging_where(&list, is_possible)?;
        Ok(NameList { list, prefix, paging })
    }

    /// The address that the gateway saw, never what a header says.
    pub fn source_address(&self) -> SourceAddress {
        let address = match self.event.request_context_ref() {
            Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.as_deref(),
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            _ => None,
        };
        address.and_then(|text| text.parse().ok()).unwrap_or(SourceAddress::UNKNOWN)
    }

    /// What the client says it is.
    pub fn user_agent(&self) -> Option<UserAgent> {
        UserAgent::new(self.event.headers().get(header::USER_AGENT)?.to_str().ok()?)
    }

    /// The credentials of `Authorization: Bearer …` (RFC 6750); another scheme counts as none.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let value = self.event.headers().get(header::AUTHORIZATION)?;
        // What is not ASCII is a bad token, not an absent one.
        let value = value.to_str().unwrap_or("Bearer ");
        let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
        scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
    }

    fn body(&self) -> &[u8] {
        match self.event.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
    }

    fn object(&self) -> Result<JsonObject, ApiError> {
        let body = self.body();
        if body.len() > MAX_BODY {
            return Err(ApiError::PayloadTooLarge);
        }
        if !is_json(self.event.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        let malformed = |problem: &str| ApiError::MalformedBody(problem.to_owned());
        if body.trim_ascii().is_empty() {
            return Err(malformed("The request body is empty; a JSON object is required."));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(malformed("The request body must be a JSON object.")),
            Err(error) => Err(ApiError::MalformedBody(format!(
                "The request body is not valid JSON (line {}, column {}).",
                error.line(),
                error.column()
            ))),
        }
    }
}

/// A list in the order of names, as a request asks for it.
#[derive(Debug)]
pub struct NameList {
    /// What its cursors belong to: the list and what is searched in it.
    pub list: String,
    /// The folded beginning of a name; empty for all.
    pub prefix: String,
    pub paging: Paging<String>,
}

/// Without headers and body: they hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", self.method()).finish_non_exhaustive()
    }
}

/// `application/json`, with parameters or without, or no word about it.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// Where a page ended, as clients carry it: a mark of the list, then the position. It is opaque but no
/// secret, and every key is made anew from it, so that a forged one reaches nothing else.
pub fn cursor<P: Serialize>(list: &str, position: &P) -> Result<String, ApiError> {
    let position = serde_json::to_vec(position).map_err(ApiError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode([&mark(list)[..], &position].concat()))
}

fn position<P: DeserializeOwned>(list: &str, cursor: &str) -> Option<P> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let position = bytes.strip_prefix(&mark(list))?;
    serde_json::from_slice(position).ok()
}

/// Eight bytes that tell lists apart.
fn mark(list: &str) -> [u8; 8] {
    let mut mark = [0; 8];
    for (byte, hashed) in mark.iter_mut().zip(digest(&SHA256, list.as_bytes()).as_ref()) {
        *byte = *hashed;
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_works_for_its_list_alone() {
        let cursor = cursor("doctors", &7_u64).unwrap();
        assert_eq!(position("doctors", &cursor), Some(7_u64));
        assert_eq!(position::<u64>("patients", &cursor), None);
        assert_eq!(position::<String>("doctors", &cursor), None);
        assert_eq!(position::<u64>("doctors", &cursor[1..]), None);
        assert_eq!(position::<u64>("doctors", "!"), None);
    }
}
