//! The parameters of the query. A list that is read by POST has them in its body.

use std::collections::BTreeSet;

use deserr::IntoValue;
use lambda_http::http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Request;
use crate::error::ApiError;
use crate::model::field::{self, FieldErrors, JsonObject, is_blank};
use crate::model::page::Paging;
use crate::model::record::Details;
use crate::model::search::Criteria;
use crate::model::unique_form::unique_form;
use crate::parameters::PAGING;
use crate::store::{ShownEpisodes, When};

const DEFAULT_LIMIT: i32 = 50;
const MAX_LIMIT: i32 = 100;

/// More bytes than any username has in its unique form.
const MAX_SEARCH: usize = 200;

impl Request {
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
