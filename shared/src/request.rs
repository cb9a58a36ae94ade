//! A request as handlers see it: its parts are parsed, or refused by a 4xx that names the problem.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use deserr::{Deserr, IntoValue};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::{HeaderMap, HeaderName, Method, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::audit::Witness;
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::json;
use crate::media_types::MediaTypes;
use crate::model::address::SourceAddress;
use crate::model::duplicate::known_person;
use crate::model::field::{self, FieldErrors, JsonObject, is_blank};
use crate::model::id::UserId;
use crate::model::idempotency::{IdempotencyKey, InvalidRequestKey};
use crate::model::intake::Intake;
use crate::model::page::Paging;
use crate::model::precondition::Preconditions;
use crate::model::record::{Details, Edit};
use crate::model::search::{Criteria, SearchTerms};
use crate::model::session::UserAgent;
use crate::model::unique_form::unique_form;
use crate::parameters::PAGING;
use crate::store::{ShownEpisodes, When};

/// The largest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

const DEFAULT_LIMIT: i32 = 50;
const MAX_LIMIT: i32 = 100;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// More bytes than any username has in its unique form.
const MAX_SEARCH: usize = 200;

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

    /// Reads `limit` and `cursor` of the query string, or of the body of a POST. The cursor must be one of the list with
    /// this label, sealed for the caller.
    pub fn paging<P: DeserializeOwned>(&self, list: &str) -> Result<Paging<P>, ApiError> {
        self.paging_where(list, |_| true)
    }

    /// As [`Request::paging`], with a test whether the list can have such a position.
    pub fn paging_where<P: DeserializeOwned>(
        &self,
        list: &str,
        is_possible: impl FnOnce(&P) -> bool,
    ) -> Result<Paging<P>, ApiError> {
        let mut errors = FieldErrors::default();
        let fields = self.list_fields()?;
        let in_body = self.method() == Method::POST;
        let field = |name| fields.get(name).filter(|value| !value.is_null());
        let given = |name| field(name).filter(|value| !is_blank(value));
        let limit = if in_body { field("limit") } else { given("limit") };
        let limit = match limit.map(|limit| limit_in(limit, in_body)) {
            None => DEFAULT_LIMIT,
            Some(Some(limit)) => limit,
            Some(None) => {
                errors.add("limit", format!("must be an integer from 1 to {MAX_LIMIT}"));
                DEFAULT_LIMIT
            }
        };
        let after = given("cursor").and_then(|cursor| {
            let position =
                cursor.as_str().and_then(|cursor| self.cursors.get()?.open(list, cursor));
            let position = position.filter(is_possible);
            if position.is_none() {
                errors.add("cursor", "must be the next of an earlier page of this list");
            }
            position
        });
        errors.or(Paging { limit, after }).map_err(|errors| self.invalid_fields(errors))
    }

    /// Reads what a search asks for: the query string, or the body of a POST.
    pub fn criteria<D: Details>(&self) -> Result<Criteria, ApiError> {
        let mut fields = self.list_fields()?;
        let is_in_body = self.method() == Method::POST;
        // The pipeline reports the unknown parameters of a query.
        fields.retain(|name, _| {
            let name = name.as_str();
            !PAGING.contains(&name) && (is_in_body || D::SEARCH_FIELDS.contains(&name))
        });
        Criteria::parse(&fields, D::SEARCH_FIELDS).map_err(|errors| self.invalid_fields(errors))
    }

    /// Reads `as_of`, `history` and `role` of the query: which episodes a list of assignments shows.
    pub fn shown_episodes(&self) -> Result<ShownEpisodes, ApiError> {
        let (fields, mut errors) = (self.list_fields()?, FieldErrors::default());
        let mut shown = ShownEpisodes::default();
        if let Some(as_of) = fields.get("as_of") {
            match field::parse_value("as_of", as_of.clone()) {
                Ok(moment) => shown.when = When::At(moment),
                Err(problem) => errors.extend(problem),
            }
        }
        match fields.get("history").and_then(Value::as_str) {
            None | Some("false") => {}
            Some("true") if fields.contains_key("as_of") => {
                errors.add("history", "cannot be combined with as_of");
            }
            Some("true") => shown.when = When::Ever,
            Some(_) => errors.add("history", "must be true or false"),
        }
        if let Some(role) = fields.get("role") {
            match field::parse_value("role", role.clone()) {
                Ok(role) => shown.role = Some(role),
                Err(problem) => errors.extend(problem),
            }
        }
        errors.or(shown).map_err(ApiError::InvalidQuery)
    }

    /// Returns the fields of a list's query string, or of the body of a POST. The first value of a repeated parameter is used.
    fn list_fields(&self) -> Result<JsonObject, ApiError> {
        if self.method() == Method::POST {
            return self.object();
        }
        let mut fields = JsonObject::new();
        for (name, value) in self.parameters() {
            fields.entry(name).or_insert_with(|| Value::from(value));
        }
        Ok(fields)
    }

    /// Returns the parameters of the query. An empty one is the same as an absent one.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().filter(|(_, value)| !value.trim().is_empty())
    }

    /// Reports the parameters of the query that are not among the known ones.
    pub(crate) fn check_parameters(&self, known: &[&[&str]]) -> Result<(), FieldErrors> {
        let names: BTreeSet<&str> = self.parameters().map(|(name, _)| name).collect();
        let mut errors = FieldErrors::default();
        for name in names {
            if !known.iter().any(|known| known.contains(&name)) {
                errors.add(name, "is not a parameter of this request");
            }
        }
        errors.or(())
    }

    /// Returns a parameter of the query that is `true` or `false`; false if it is absent.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.parameters().find(|(it, _)| *it == name) {
            None | Some((_, "false")) => Ok(false),
            Some((_, "true")) => Ok(true),
            Some(_) => Err(ApiError::InvalidQuery(FieldErrors::one(name, "must be true or false"))),
        }
    }

    fn invalid_fields(&self, errors: FieldErrors) -> ApiError {
        if self.method() == Method::POST {
            ApiError::InvalidBody(errors)
        } else {
            ApiError::InvalidQuery(errors)
        }
    }

    /// Returns `?search=` in its unique form; empty if it is absent.
    pub fn search(&self) -> Result<String, ApiError> {
        let search = self.parameters().find(|(name, _)| *name == "search");
        let search = unique_form(search.map_or("", |(_, value)| value.trim()));
        if search.len() > MAX_SEARCH || search.chars().any(char::is_control) {
            let errors = FieldErrors::one("search", "must be the beginning of a name");
            return Err(ApiError::InvalidQuery(errors));
        }
        Ok(search)
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

/// Returns a limit: digits in a query string, a number in a body; `None` if it is none.
fn limit_in(value: &Value, in_body: bool) -> Option<i32> {
    let limit = match value {
        Value::String(text) if !in_body && text.chars().all(|c| c.is_ascii_digit()) => {
            text.parse().ok()
        }
        Value::Number(_) => field::whole_number(&value.clone().into_value()),
        _ => None,
    };
    let limit = i32::try_from(limit?).ok()?;
    (1..=MAX_LIMIT).contains(&limit).then_some(limit)
}
