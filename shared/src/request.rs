//! A request as handlers see it: its parts are parsed, or refused by a 4xx that names the problem.

mod parameters;

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use deserr::Deserr;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::{HeaderMap, HeaderName, Method, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};
use serde::Serialize;
use serde_json::Value;

use crate::audit::Witness;
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::json;
use crate::media_types::MediaTypes;
use crate::model::address::SourceAddress;
use crate::model::duplicate::known_person;
use crate::model::field::{self, FieldErrors, JsonObject};
use crate::model::id::UserId;
use crate::model::idempotency::{IdempotencyKey, InvalidRequestKey};
use crate::model::intake::Intake;
use crate::model::precondition::Preconditions;
use crate::model::record::{Details, Edit};
use crate::model::search::SearchTerms;
use crate::model::session::UserAgent;

/// The largest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// One step of a long task, two calls to DynamoDB, fits into this time unless they are retried for long. Then the
/// deadline ends the request, and the next request continues the task.
const ONE_STEP: Duration = Duration::from_secs(8);

pub struct Request {
    event: lambda_http::Request,
    query: QueryMap,
    deadline: Instant,
    /// Those of the caller, once it is known.
    cursors: OnceLock<Cursors>,
    requires_if_match: bool,
    witness: Witness,
}

impl Request {
    /// `deadline` is the moment by which the answer must be ready.
    pub fn new(event: lambda_http::Request, deadline: Instant) -> Self {
        let query = event.query_string_parameters();
        Self {
            event,
            query,
            deadline,
            cursors: OnceLock::new(),
            requires_if_match: false,
            witness: Witness::default(),
        }
    }

    /// Requires `If-Match` of a change of a record.
    pub fn requiring_if_match(self, requires_if_match: bool) -> Self {
        Self { requires_if_match, ..self }
    }

    /// Sets what seals and opens the caller's cursors, unless it is set.
    pub(crate) fn set_cursors(&self, cursors: Cursors) {
        self.cursors.get_or_init(|| cursors);
    }

    /// Returns the cursor of a position in the list with this label, for the caller.
    pub(crate) fn cursor<P: Serialize>(
        &self,
        list: &str,
        position: &P,
    ) -> Result<String, ApiError> {
        let cursors = self.cursors.get();
        let cursors = cursors.ok_or_else(|| ApiError::internal("a page without a caller"))?;
        cursors.seal(list, position)
    }

    /// Returns what collects the request's rows of the audit trail for the log.
    pub(crate) fn witness(&self) -> &Witness {
        &self.witness
    }

    /// Returns the request's id in the log; empty without one.
    pub(crate) fn id(&self) -> String {
        self.event.lambda_context_ref().map(|it| it.request_id.clone()).unwrap_or_default()
    }

    pub fn method(&self) -> &Method {
        self.event.method()
    }

    /// Whether it is a GET or a HEAD, which have the same answer except for its body.
    pub(crate) fn is_read(&self) -> bool {
        [Method::GET, Method::HEAD].contains(self.method())
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.event.headers()
    }

    pub fn path(&self) -> &str {
        self.event.raw_http_path()
    }

    /// Whether the time left is too short for one more step of a long task.
    #[allow(
        clippy::disallowed_methods,
        reason = "measures a duration, and nothing depends on the date"
    )]
    pub fn is_late(&self) -> bool {
        self.deadline.saturating_duration_since(Instant::now()) < ONE_STEP
    }

    /// Returns an id in the path. An invalid id is a 404.
    pub fn path_id<I: FromStr>(&self, name: &str, kind: &str) -> Result<I, ApiError> {
        let parameters = self.event.path_parameters();
        let id = parameters.first(name).and_then(|text| text.parse().ok());
        id.ok_or_else(|| ApiError::not_found(format!("{kind} with this id")))
    }

    /// Parses the body as a value of this type, or reports every problem of it.
    pub fn json<T: Deserr<FieldErrors>>(&self) -> Result<T, ApiError> {
        self.json_with(|_, _| ())
    }

    /// As [`Request::json`], with an absent body as an empty object.
    pub fn json_or_empty<T: Deserr<FieldErrors>>(&self) -> Result<T, ApiError> {
        let object = if self.body().is_empty() { JsonObject::new() } else { self.object()? };
        field::parse(object, |_, _| ()).map_err(ApiError::InvalidBody)
    }

    /// As [`Request::json`], with a check of rules about several fields; see [`field::parse`].
    pub fn json_with<T: Deserr<FieldErrors>>(
        &self,
        check: impl FnOnce(&JsonObject, &mut FieldErrors),
    ) -> Result<T, ApiError> {
        field::parse(self.object()?, check).map_err(ApiError::InvalidBody)
    }

    /// Parses the body as the details of a doctor or a patient.
    pub fn details<D: Details>(&self, intake: &Intake) -> Result<D, ApiError> {
        D::parse(self.object()?, intake).map_err(ApiError::InvalidBody)
    }

    /// Parses the body as what is known of a person before a record is made of it.
    pub fn known_person(&self, intake: &Intake) -> Result<SearchTerms, ApiError> {
        known_person(self.object()?, intake).map_err(ApiError::InvalidBody)
    }

    /// Reads the body as an edit: PUT replaces all details, PATCH those that it names.
    pub fn edit<D: Details>(&self) -> Result<Edit<D>, ApiError> {
        let body = self.object()?;
        Ok(if self.method() == Method::PATCH { Edit::Merge(body) } else { Edit::replace(body) })
    }

    /// Returns the conditions on the version of the record.
    pub fn preconditions(&self) -> Preconditions {
        let (if_match, if_none_match) =
            (self.lines(&header::IF_MATCH), self.lines(&header::IF_NONE_MATCH));
        Preconditions::parse(if_match.as_deref(), if_none_match.as_deref(), self.requires_if_match)
    }

    /// Returns all lines of a header as one; `None` if it is absent. A byte that is no UTF-8 stays invalid.
    fn lines(&self, name: &HeaderName) -> Option<String> {
        let lines = self.event.headers().get_all(name).iter();
        let lines: Vec<_> =
            lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect();
        (!lines.is_empty()).then(|| lines.join(","))
    }

    /// Returns the `Idempotency-Key`, which belongs to `caller`.
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

    /// Returns the address that the gateway saw. Headers are not read for it.
    pub fn source_address(&self) -> SourceAddress {
        let address = match self.event.request_context_ref() {
            Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.as_deref(),
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            _ => None,
        };
        address.and_then(|text| text.parse().ok()).unwrap_or(SourceAddress::UNKNOWN)
    }

    /// Returns the `User-Agent`, cleaned.
    pub fn user_agent(&self) -> Option<UserAgent> {
        UserAgent::new(self.event.headers().get(header::USER_AGENT)?.to_str().ok()?)
    }

    /// Returns the credentials of `Authorization: Bearer …` (RFC 6750); `None` for another scheme.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let value = self.event.headers().get(header::AUTHORIZATION)?;
        // A header that is not ASCII is an invalid token, not an absent one.
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
        let accepted = MediaTypes::of(self.method());
        if !accepted.accept(self.event.headers()) {
            return Err(ApiError::UnsupportedMediaType { accepted });
        }
        let malformed = |problem: &str| ApiError::MalformedBody(problem.to_owned());
        if body.trim_ascii().is_empty() {
            return Err(malformed("The request body is empty; a JSON object is required."));
        }
        match json::parse(body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(malformed("The request body must be a JSON object.")),
            Err(problem) => Err(malformed(&problem.to_string())),
        }
    }
}

/// Shows neither headers nor body: they hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", self.method()).finish_non_exhaustive()
    }
}
