//! How a request names an emergency access that it opens, a review that it closes, or the reviews that it lists.

use super::{Target, list_label};
use crate::access::Act;
use crate::error::ApiError;
use crate::model::emergency_review::{InvalidShownReviews, ShownReviews};
use crate::model::field::FieldErrors;
use crate::parameters::STATUS;
use crate::request::Request;
use crate::store::{
    EmergencyRequest, EmergencyToGrant, ReviewPage, ReviewRequest, ReviewToClose, ReviewsQuery,
};

impl Target for EmergencyToGrant {
    fn name(request: &Request) -> Result<EmergencyRequest, ApiError> {
        Ok(EmergencyRequest {
            patient_id: request.path_id("id", "patient")?,
            emergency: request.json()?,
        })
    }
}

impl Target for ReviewPage {
    /// Each choice of reviews is a list of its own, with its own cursors.
    fn name(request: &Request) -> Result<ReviewsQuery, ApiError> {
        let status = request.parameters().find(|(name, _)| *name == STATUS);
        let shown: ShownReviews = match status {
            Some((_, status)) => status.trim().parse().map_err(invalid_status)?,
            None => ShownReviews::default(),
        };
        let label = list_label(Act::ListEmergencyAccess, shown);
        let paging = request.paging(&label)?;
        Ok(ReviewsQuery { shown, paging, label })
    }
}

fn invalid_status(problem: InvalidShownReviews) -> ApiError {
    ApiError::InvalidQuery(FieldErrors::one(STATUS, problem.to_string()))
}

impl Target for ReviewToClose {
    fn name(request: &Request) -> Result<ReviewRequest, ApiError> {
        Ok(ReviewRequest { id: request.path_id("id", "review")?, verdict: request.json()? })
    }
}
