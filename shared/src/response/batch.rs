//! Answers to batches: each item has an outcome of its own.

use lambda_http::http::StatusCode;
use serde::Serialize;

use super::{Answer, ApiResult, json_response};
use crate::audit::{Disclosed, Subjects};
use crate::error::ApiError;
use crate::model::assignment::AssignmentView;
use crate::model::field::FieldErrors;
use crate::model::id::PatientId;
use crate::store::{Assigned, AssignmentIds, ItemOutcome};

/// 200 `{"results": […]}` with the outcome of each new assignment of a batch, in the order of the request. An invalid
/// item has no ids.
pub fn assignments(outcomes: Vec<(Option<AssignmentIds>, ItemOutcome<Assigned>)>) -> ApiResult {
    #[derive(Serialize)]
    struct Made {
        #[serde(skip_serializing_if = "Option::is_none")]
        assignment: Option<AssignmentView>,
    }
    let result_of = |outcome: ItemOutcome<Assigned>| match outcome {
        Ok(Assigned { assignment, is_new }) => {
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            ItemResult::of(Made { assignment: Some(assignment) }, Ok(status))
        }
        Err(error) => ItemResult::of(Made { assignment: None }, Err(ApiError::from(error))),
    };
    let named = |ids: Option<AssignmentIds>| ids.map(Subjects::from).unwrap_or_default();
    results(outcomes.into_iter().map(|(ids, outcome)| (named(ids), result_of(outcome))))
}

/// 200 `{"results": […]}` with the outcome of the transfer of each patient, in the order of the request.
pub fn transfers(outcomes: Vec<(PatientId, ItemOutcome<()>)>) -> ApiResult {
    #[derive(Serialize)]
    struct Moved {
        patient_id: PatientId,
    }
    let result_of = |(patient_id, outcome): (PatientId, ItemOutcome<()>)| {
        let outcome = outcome.map(|()| StatusCode::OK).map_err(ApiError::from);
        let subjects = Subjects { patients: [patient_id].into(), ..Subjects::default() };
        (subjects, ItemResult::of(Moved { patient_id }, outcome))
    };
    results(outcomes.into_iter().map(result_of))
}

/// The result of one item of a batch: the status that a request of its own would get, and the parts of its problem.
#[derive(Serialize)]
struct ItemResult<T> {
    #[serde(flatten)]
    item: T,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<FieldErrors>,
}

impl<T> ItemResult<T> {
    fn of(item: T, outcome: Result<StatusCode, ApiError>) -> Self {
        match outcome {
            Ok(status) => {
                Self { item, status: status.as_u16(), code: None, detail: None, errors: None }
            }
            Err(error) => Self {
                item,
                status: error.status().as_u16(),
                code: Some(error.code()),
                detail: Some(error.detail()),
                errors: error.field_errors(),
            },
        }
    }
}

/// 200 with the results of a batch, each with the people whom its item names.
fn results<T: Serialize>(items: impl Iterator<Item = (Subjects, ItemResult<T>)>) -> ApiResult {
    #[derive(Serialize)]
    struct Results<T> {
        results: Vec<ItemResult<T>>,
    }
    let (mut results, mut disclosed) = (Vec::new(), Disclosed::default());
    for (subjects, result) in items {
        match result.code {
            None => disclosed.items.push(subjects),
            Some(code) => disclosed.failed.entry(code.into()).or_default().extend(subjects),
        }
        results.push(result);
    }
    let text = serde_json::to_string(&Results { results }).map_err(ApiError::internal)?;
    Ok(Answer { response: json_response(StatusCode::OK, text), disclosed })
}
