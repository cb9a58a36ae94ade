//! How a request names the disclosures of a patient, or one that it adds.

use super::{Target, list_label};
use crate::access::Act;
use crate::error::ApiError;
use crate::model::disclosure_register::NewDisclosure;
use crate::model::id::PatientId;
use crate::request::Request;
use crate::store::{DisclosurePage, DisclosureRequest, DisclosureToAdd, DisclosuresQuery};

impl Target for DisclosurePage {
    /// Each patient has a list of its own, with its own cursors.
    fn name(request: &Request) -> Result<DisclosuresQuery, ApiError> {
        let patient_id: PatientId = request.path_id("id", "patient")?;
        let label = list_label(Act::ListDisclosures, patient_id);
        let paging = request.paging(&label)?;
        Ok(DisclosuresQuery { patient_id, paging, label })
    }
}

impl Target for DisclosureToAdd {
    fn name(request: &Request) -> Result<DisclosureRequest, ApiError> {
        let patient_id = request.path_id("id", "patient")?;
        let disclosure: NewDisclosure = request.json()?;
        let id = disclosure.id(patient_id).map_err(ApiError::internal)?;
        Ok(DisclosureRequest { patient_id, disclosure, id })
    }
}
