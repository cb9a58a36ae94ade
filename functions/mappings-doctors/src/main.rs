//! GET /api/doctor/mappings/{patient_id}/ returns the doctors of a patient, by id: those of now, those of another moment
//! (`as_of`), or those of all assignments (`history`), with the past ones last, by their end.

use std::process::ExitCode;

use shared::store::ListDoctorsOfPatient;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(doctors)
}

async fn doctors(context: Context, by: Granted<ListDoctorsOfPatient>) -> ApiResult {
    let (label, view) = (by.target().label().to_owned(), by.view());
    let page = context.store().assignments().doctors_of(by).await?;
    response::page(context.request(), &label, &page, view)
}
