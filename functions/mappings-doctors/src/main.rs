//! GET /api/doctor/mappings/{patient_id}/ returns the doctors of a patient, by id.

use std::process::ExitCode;

use shared::access::Act;
use shared::store::ListDoctorsOfPatient;
use shared::targets::list_label;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(doctors)
}

async fn doctors(context: Context, by: Granted<ListDoctorsOfPatient>) -> ApiResult {
    let label = list_label(Act::ListDoctorsOfPatient, by.target().owner());
    let view = by.view();
    let page = context.store().assignments().doctors_of(by).await?;
    response::page(context.request(), &label, &page, view)
}
