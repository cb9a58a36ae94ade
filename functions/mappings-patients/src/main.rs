//! GET /api/doctors/{id}/patients/ returns the patients of a doctor, by name: those of now, those of another moment
//! (`as_of`), or those of all assignments (`history`), with the past ones last, by their end.

use std::process::ExitCode;

use shared::store::ListPatientsOfDoctor;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(patients)
}

async fn patients(context: Context, by: Granted<ListPatientsOfDoctor>) -> ApiResult {
    let (label, view) = (by.target().label().to_owned(), by.view());
    let page = context.store().assignments().patients_of(by).await?;
    response::page(context.request(), &label, &page, view)
}
