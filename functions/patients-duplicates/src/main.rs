//! POST /api/patients/duplicates/ names patients who may be the same person as one with the data in the body.

use std::process::ExitCode;

use shared::records::RecordSettings;
use shared::store::FindDuplicates;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(duplicates)
}

async fn duplicates(context: Context<RecordSettings>, by: Granted<FindDuplicates>) -> ApiResult {
    let view = by.view();
    let terms = context.request().known_person(&context.settings().intake(by.at()))?;
    response::records(&context.store().possible_duplicates(by, &terms).await?, view)
}
