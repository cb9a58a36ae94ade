//! How a request names the rows of the audit trail that it asks for.

use std::fmt::Display;
use std::str::FromStr;

use super::{Target, list_label};
use crate::access::Act;
use crate::audit::TrailView;
use crate::error::ApiError;
use crate::model::field::FieldErrors;
use crate::model::id::PatientId;
use crate::request::Request;
use crate::store::{AccessPage, AccessesQuery, TrailFilter, TrailQuery};

impl Target for AccessPage {
    fn name(request: &Request) -> Result<AccessesQuery, ApiError> {
        let patient: PatientId = request.path_id("id", "patient")?;
        let label = list_label(Act::ListAccesses, patient);
        let paging = request.paging(&label)?;
        Ok(AccessesQuery { patient, paging, label })
    }
}

impl Target for TrailQuery {
    /// At most one of `actor`, `patient` and `day`. Each choice of rows is a list of its own, with its own cursors.
    fn name(request: &Request) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let actor = parameter(request, "actor", &mut errors).map(TrailView::Actor);
        let patient = parameter(request, "patient", &mut errors).map(TrailView::Patient);
        let day = parameter(request, "day", &mut errors).map(TrailView::Day);
        let filter = TrailFilter {
            operation: code(request, "operation", &mut errors),
            outcome: code(request, "outcome", &mut errors),
            basis: code(request, "basis", &mut errors),
        };
        let views = [("actor", actor), ("patient", patient), ("day", day)];
        let mut views = views.into_iter().filter_map(|(name, view)| Some((name, view?)));
        let first = views.next();
        if let Some((first, _)) = first {
            for (other, _) in views {
                errors.add(other, format!("cannot be combined with {first}"));
            }
        }
        errors.or(()).map_err(ApiError::InvalidQuery)?;
        let view = first.map(|(_, view)| view);
        let label = list_label(Act::ReadTrail, format_args!("{} {filter:?}", described(view)));
        let paging = request.paging(&label)?;
        Ok(Self { view, filter, paging, label })
    }
}

/// Writes a view so that different ones are written differently.
fn described(view: Option<TrailView>) -> String {
    match view {
        Some(TrailView::Actor(id)) => format!("actor {id}"),
        Some(TrailView::Patient(id)) => format!("patient {id}"),
        Some(TrailView::Day(date)) => format!("day {}", date.iso()),
        None => "today".to_owned(),
    }
}

/// A name or a code, as rows of the trail have it.
struct Code(String);

#[derive(Debug, thiserror::Error)]
#[error("must have 1 to 64 characters: small letters, digits, hyphens, underscores and blanks")]
struct InvalidCode;

impl FromStr for Code {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        let is_allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_ ".contains(c);
        let is_code = (1..=64).contains(&text.len()) && text.chars().all(is_allowed);
        is_code.then(|| Self(text.to_owned())).ok_or(InvalidCode)
    }
}

fn code(request: &Request, name: &str, errors: &mut FieldErrors) -> Option<String> {
    parameter(request, name, errors).map(|Code(code)| code)
}

/// Returns a parameter of the query; `None` if it is absent, or if it is invalid, which is reported.
fn parameter<T: FromStr<Err: Display>>(
    request: &Request,
    name: &str,
    errors: &mut FieldErrors,
) -> Option<T> {
    let (_, text) = request.parameters().find(|(it, _)| *it == name)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(problem) => {
            errors.add(name, problem.to_string());
            None
        }
    }
}
