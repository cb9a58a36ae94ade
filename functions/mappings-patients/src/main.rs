//! GET /api/doctors/{id}/patients/ returns the patients of a doctor, by id.

use std::process::ExitCode;

use shared::access::Act;
use shared::store::ListPatientsOfDoctor;
use shared::targets::list_label;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(patients)
}

async fn patients(context: Context, by: Granted<ListPatientsOfDoctor>) -> ApiResult {
    let label = list_label(Act::ListPatientsOfDoctor, by.target().owner());
    let view = by.view();
    let page = context.store().assignments().patients_of(by).await?;
    response::page(context.request(), &label, &page, view)
}
