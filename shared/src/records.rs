//! The handlers of doctors and patients: one for each verb, for both kinds of record.

use crate::access::{Granted, View};
use crate::config::{ConfigError, Settings, optional, parsed};
use crate::context::Context;
use crate::model::intake::Intake;
use crate::model::phone::PhoneCountry;
use crate::model::precondition::Reading;
use crate::model::record::{Details, Record};
use crate::model::timestamp::Timestamp;
use crate::parameters::FORCE;
use crate::request::Request;
use crate::response::{self, ApiResult};
use crate::store::{Create, Delete, List, Read, RecordActs, StoreError, Update};

/// The settings of functions that read details.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordSettings {
    /// `PHONE_COUNTRY`: the country of telephone numbers without a country code; unset or empty means none.
    pub phone_country: Option<PhoneCountry>,
}

impl Settings for RecordSettings {
    fn from_env() -> Result<Self, ConfigError> {
        const NAME: &str = "PHONE_COUNTRY";
        let phone_country = match optional(NAME) {
            Some(_) => Some(parsed(NAME)?),
            None => None,
        };
        Ok(Self { phone_country })
    }
}

impl RecordSettings {
    /// Returns what details are read with at this moment.
    pub fn intake(&self, now: Timestamp) -> Intake {
        Intake { today: now.latest_date(), phone_country: self.phone_country }
    }
}

/// Creates a record: 201 with it and, for a patient, with the possible duplicates. The same `Idempotency-Key` and body
/// return the same answer.
pub async fn create<D: RecordActs>(
    context: Context<RecordSettings>,
    by: Granted<Create<D>>,
) -> ApiResult {
    let (request, view) = (context.request(), by.view());
    let details: D = request.details(&context.settings().intake(by.at()))?;
    let key = request.idempotency_key(by.caller().id())?;
    let created = context.store().records().create(by, details, key.as_ref()).await?;
    response::created_record(&created, view)
}

/// Returns one record, or 304 if the client has its current version.
pub async fn get<D: RecordActs>(context: Context, by: Granted<Read<D>>) -> ApiResult {
    let view = by.view();
    let record = context.store().records().read(by)?;
    answer(context.request(), &record, view)
}

/// Answers with a record that was read, or with 304 if the client has its current version.
pub fn answer<D: Details>(request: &Request, record: &Record<D>, view: View) -> ApiResult {
    let reading = request.preconditions().permit_read(record.version);
    match reading.map_err(StoreError::from)? {
        Reading::Record => response::record(record, view),
        Reading::NotModified => response::not_modified(record.version),
    }
}

/// Returns a page of the records that meet the criteria in the query (GET) or in the body (POST): in the order of names
/// if there are none.
pub async fn list<D: RecordActs>(context: Context, by: Granted<List<D>>) -> ApiResult {
    let (label, view) = (by.target().label().to_owned(), by.view());
    let page = context.store().records().list(by).await?;
    response::page(context.request(), &label, &page, view)
}

/// Replaces a record's details (PUT), or those that the body names (PATCH, RFC 7396).
pub async fn update<D: RecordActs>(
    context: Context<RecordSettings>,
    by: Granted<Update<D>>,
) -> ApiResult {
    let (request, view) = (context.request(), by.view());
    let (edit, intake) = (request.edit::<D>()?, context.settings().intake(by.at()));
    let preconditions = request.preconditions();
    let record = context.store().records().update(by, &edit, &intake, &preconditions).await?;
    response::record(&record, view)
}

/// Deletes a record and ends all of its assignments: 204, or 503 if time ran out. After a 503, repeating the request
/// continues the deletion. A doctor who has patients is deleted only with `?force=true`.
pub async fn delete<D: RecordActs>(context: Context, by: Granted<Delete<D>>) -> ApiResult {
    let (request, records) = (context.request(), context.store().records::<D>());
    let preconditions = request.preconditions();
    let is_late = || request.is_late();
    if request.flag(FORCE)? {
        records.delete(by, &preconditions, is_late).await?;
    } else {
        records.delete_unassigned(by, &preconditions, is_late).await?;
    }
    response::no_content()
}
