//! POST /api/patients/lookup/ returns the ids of the patients with a last name and a date of birth, and nothing else.

use std::process::ExitCode;

use shared::auth::emergency_attempts;
use shared::model::lookup::PatientLookup;
use shared::store::LookUpPatients;
use shared::{ApiResult, Context, Granted, response, serve};

#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    serve(look_up)
}

async fn look_up(context: Context, by: Granted<LookUpPatients>) -> ApiResult {
    let lookup: PatientLookup = context.request().json()?;
    let store = context.store();
    emergency_attempts::lookup(store, by.at(), by.caller().id()).await?;
    response::ok(&store.look_up_patients(by, &lookup).await?)
}
